#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Let a fuzz target run for a minute, from its seeds and from what once broke it.

    usage: minute.py TARGET CORPUS NAME
"""
import os
import re
import subprocess
import sys
import tempfile

SECONDS = os.environ.get("PAL_FUZZ_SECONDS", "60")


def main():
    target, corpus, name = sys.argv[1:]
    seeds = [f for f in (os.path.join(corpus, kind, name) for kind in ("seed", "crash")) if os.path.isdir(f)]
    with tempfile.TemporaryDirectory(prefix="pal-fuzz-") as folder:
        new = os.path.join(folder, "new")
        os.mkdir(new)
        p = subprocess.run([os.path.abspath(target), "-max_total_time=" + SECONDS, "-timeout=20", "-print_final_stats=1", new, *seeds],
                           cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = p.stdout.decode(errors="replace")
        inputs = re.search(r"number_of_executed_units: *(\d+)", said)
        print("%s: %s inputs in %s seconds" % (name, inputs.group(1) if inputs else "?", SECONDS))
        if p.returncode == 0 and inputs and int(inputs.group(1)) > 100:
            return 0
        print(said[-8000:])
        for path in sorted(os.listdir(folder)):
            if path != "new":
                with open(os.path.join(folder, path), "rb") as f:
                    print("%s: %s" % (path, f.read().hex()))
        return 1


if __name__ == "__main__":
    sys.exit(main())
