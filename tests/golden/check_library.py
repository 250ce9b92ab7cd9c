#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""lib/savefile outside the tree: its example, built with pkg-config against what is installed, does what it says. The
build folder is $PAL_BUILD."""
import json
import os
import re
import subprocess
import sys
import tempfile

import pal

EXAMPLE = os.path.join(pal.TREE, "lib", "savefile", "example.c")


def install():
    """-> (prefix in a folder of ours, folder of pal-savefile.pc)"""
    destdir = os.path.join(pal.scratch(), "destdir")
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "--destdir", destdir, "-C", os.environ["PAL_BUILD"]],
                   check=True, stdout=subprocess.DEVNULL)
    folder = next(f for f, _, names in os.walk(destdir) if "pal-savefile.pc" in names)
    with open(os.path.join(folder, "pal-savefile.pc"), encoding="utf-8") as f:
        prefix = re.search("^prefix=(.*)$", f.read(), re.M).group(1)
    return os.path.join(destdir, prefix.lstrip("/")), folder


def pkg_config(prefix, folder, *args):
    env = dict(os.environ, PKG_CONFIG_PATH=folder)
    p = subprocess.run(["pkg-config", "--define-variable=prefix=" + prefix, *args, "pal-savefile"], env=env,
                       stdout=subprocess.PIPE, check=True)
    return p.stdout.decode().split()


def sanitizers():
    """A library that has them wants them in the program, too."""
    p = subprocess.run(["meson", "introspect", "--buildoptions", os.environ["PAL_BUILD"]], stdout=subprocess.PIPE, check=True)
    value = next(o["value"] for o in json.loads(p.stdout) if o["name"] == "b_sanitize")
    return [] if value == "none" else ["-fsanitize=" + value]


def check_symbols(t, library):
    if pal.program("nm") is None:
        return
    p = subprocess.run(["nm", "-D", "--defined-only", library], stdout=subprocess.PIPE, check=True, text=True)
    names = [line.split()[2] for line in p.stdout.splitlines()]
    t.check("pal_savefile_writer_open" in names, "symbols of %s: %s" % (library, names))
    t.equal([n for n in names if not n.startswith("pal_") and not n.startswith("_")], [], "symbols that are nobody's business")


def check_example(t, program, env):
    """Packets of a length, all else as it was."""
    path = pal.small_captures()["test102-be.pcapng"]
    for least, packets in ((0, 5), (320, 2), (100000, 0)):
        target = os.path.join(tempfile.mkdtemp(dir=pal.scratch()), "x.pcapng")
        p = subprocess.run([program, str(least), path, target], env=env, capture_output=True, text=True)
        t.equal((p.returncode, p.stdout), (0, "%d packets\n" % packets), "example: %s %s" % (least, p.stderr))
        with open(path, "rb") as f, open(target, "rb") as g:
            before, after = f.read(), g.read()
        if least == 0:
            # The length of the section is gone, if it was there.
            t.equal(after[:16] + after[24:], before[:16] + before[24:], "example: all packets")
            t.equal(after[16:24], b"\xff" * 8, "example: length of the section")
        else:
            t.equal(sum(w >= least for _, _, w, _ in pal.Pcapng(before).packets()), packets, "example: the file")
            t.check(all(w >= least for _, _, w, _ in pal.Pcapng(after).packets()), "example: short packets")
    path = pal.small_captures()["nanosecs_big_endian.pcap"]
    target = os.path.join(tempfile.mkdtemp(dir=pal.scratch()), "x.pcap")
    subprocess.run([program, "0", path, target], env=env, check=True, stdout=subprocess.DEVNULL)
    with open(path, "rb") as f, open(target, "rb") as g:
        t.check(f.read() == g.read(), "example: a pcap file, all packets")


def main():
    for tool in ("meson", "pkg-config", "cc"):
        if pal.program(tool) is None:
            return pal.SKIP
    t = pal.Test()
    prefix, folder = install()
    flags = pkg_config(prefix, folder, "--cflags", "--libs")
    libdir = next(f[2:] for f in flags if f.startswith("-L"))
    program = os.path.join(pal.scratch(), "example")
    for dialect in ("c11", "gnu2x"):
        subprocess.run(["cc", "-std=" + dialect, "-Wall", "-Wextra", "-Werror", *sanitizers(), EXAMPLE, *flags, "-o", program],
                       check=True)
        check_example(t, program, dict(os.environ, LD_LIBRARY_PATH=libdir))
    check_symbols(t, os.path.join(libdir, "libpal-savefile.so"))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
