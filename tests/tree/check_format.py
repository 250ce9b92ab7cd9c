#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every C file is as clang-format leaves it."""
import os
import shutil
import subprocess
import sys

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    if shutil.which("clang-format") is None:
        print("SKIP: clang-format is not installed")
        return 77
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True).stdout
    if "version 14." not in version:  # others break lines in other places
        print("SKIP: the style is that of clang-format 14, this is %s" % version.strip())
        return 77
    files = [os.path.join(folder, name)
             for top in ("app", "bpf", "lib", "plugins", "tests")
             for folder, _, names in os.walk(os.path.join(TREE, top))
             for name in names if name.endswith((".c", ".h"))]
    p = subprocess.run(["clang-format", "--dry-run", "-Werror", *sorted(files)], capture_output=True, text=True)
    print(p.stderr[-4000:] or "%d files are formatted" % len(files))
    if p.returncode != 0:
        print("Try: git ls-files '*.[ch]' | xargs clang-format -i")
    return p.returncode


if __name__ == "__main__":
    sys.exit(main())
