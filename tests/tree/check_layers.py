#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A library that names one above it as a dep, or includes a header of one, does not get through meson or the compiler."""
import os
import shutil
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def setup(tree):
    """(exit code, output) of meson in a copy of the tree."""
    p = subprocess.run(
        ["meson", "setup", "-Dtests=disabled", "-Daf_xdp=disabled", os.path.join(tree, "build"), tree],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    return p.returncode, p.stdout


def append(path, text):
    with open(path, "a", encoding="utf-8") as f:
        f.write(text)


def main():
    with tempfile.TemporaryDirectory(prefix="pal-layers-") as folder:
        tree = os.path.join(folder, "pal")
        os.mkdir(tree)
        for name in ("meson.build", "meson_options.txt"):
            shutil.copy(os.path.join(TREE, name), tree)
        for name in ("bpf", "lib", "plugins", "app", "config", "tests"):
            shutil.copytree(os.path.join(TREE, name), os.path.join(tree, name))
        code, output = setup(tree)
        if code != 0:
            print("the tree as it is does not set up:\n" + output[-3000:])
            return 1

        append(os.path.join(tree, "lib", "decode", "meson.build"), "deps += 'flow'\n")
        shutil.rmtree(os.path.join(tree, "build"))
        code, output = setup(tree)
        if code == 0 or "lib/decode names flow as a dep, which is not below it" not in output:
            print("meson does not mind that decode names flow:\n" + output[-3000:])
            return 1

        shutil.copy(os.path.join(TREE, "lib", "decode", "meson.build"), os.path.join(tree, "lib", "decode"))
        append(os.path.join(tree, "lib", "decode", "decode.c"), "#include <pal_flow.h>\n")
        code, output = setup(tree)
        p = subprocess.run(
            ["ninja", "-C", os.path.join(tree, "build"), "lib/libpal_decode.a"], capture_output=True, text=True)
        if code != 0 or p.returncode == 0 or "pal_flow.h: No such file" not in p.stdout:
            print("the compiler lets decode include a header of flow:\n" + output[-1000:] + p.stdout[-3000:])
            return 1
    print("deps and includes go down only")
    return 0


if __name__ == "__main__":
    sys.exit(main())
