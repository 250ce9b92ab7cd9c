#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Plugins that are there to be read, and those that write no records: tests/plugin-check, which authors of plugins use, over
a capture each. And plugin-check itself: it must notice what is different.

    usage: check_examples.py [--update]
"""
import os
import shutil
import subprocess
import sys

import pal

CHECK = os.path.join(pal.TREE, "tests", "plugin-check")
EXPECTED = os.path.join(pal.HERE, "expected", "plugins")
CASES = (
    ("example-frame", "combined.pcap.gz"),
    ("example-flow", "tcp-fast-open.pcap"),
    ("example-stream", "vlan-collisions.pcap"),
    ("example-app", "ssh-banners.pcap"),
    ("example-annotate", "ipv4-fragmented-1.pcap", "plugin.example-annotate.max=2"),
    ("protocols", "combined.pcap.gz"),
    ("hexdump", "tcp-fast-open.pcap", "plugin.hexdump.filter=tcp[tcpflags] & tcp-syn != 0", "plugin.hexdump.bytes=40"),
)


def check(name, capture, expected, *settings, update=False):
    args = [CHECK, "--program", pal.PROGRAM] + (["--update"] if update else [])
    for setting in settings:
        args += ["--set", setting]
    return subprocess.run([*args, name, os.path.join(pal.SMALL, capture), expected], capture_output=True, text=True)


def check_differences(t):
    """A line that is missing, one too many, a file that is missing."""
    name, capture = CASES[0][:2]
    folder = os.path.join(pal.scratch(), "expected")
    t.equal(check(name, capture, folder).returncode, 1, "nothing expected")
    t.equal(check(name, capture, folder, update=True).returncode, 0, "--update")
    t.equal(check(name, capture, folder).returncode, 0, "as written")
    path = os.path.join(folder, "example-frame.json")
    with open(path, "a") as f:
        f.write("more\n")
    p = check(name, capture, folder)
    t.check(p.returncode == 1 and "-more" in p.stdout, "a line too many: %d %s" % (p.returncode, p.stdout))
    os.rename(path, os.path.join(folder, "other.json"))
    t.equal(check(name, capture, folder).returncode, 1, "a file of another name")
    shutil.rmtree(folder)


def check_cycles(t):
    """What plugins cost is counted when it is asked for."""
    path = os.path.join(pal.SMALL, "combined.pcap.gz")
    for workers in ("1", "3"):
        run = pal.run(path, "-p", "flows,hexdump,protocols", "-j", workers, "--set", "plugins.cycles=yes")
        if t.healthy(run, "plugins.cycles"):
            stats = run.stats()[1]
            t.equal(sorted(stats["plugins"]), ["flows", "hexdump", "protocols"], "plugins measured")
            t.equal(stats["plugins"]["flows"]["calls"], len(run.flows()), "calls of flows")
            t.equal(stats["plugins"]["hexdump"]["calls"], stats["ledger"]["in"]["pkts"], "calls of hexdump")
            t.check(all(p["cycles"] > 0 for p in stats["plugins"].values()), "cycles: %s" % stats["plugins"])
            t.equal(sum(stats["apps"].values()), sum(f["proto"] in ("TCP", "UDP") and "app_proto" in f for f in run.flows()),
                    "flows by protocol")
    run = pal.run(path, "-p", "flows")
    t.check("plugins" not in run.stats()[1] and "apps" not in run.stats()[1], "measured, though nobody asked")


def main():
    t = pal.Test()
    for name, capture, *settings in CASES:
        p = check(name, capture, os.path.join(EXPECTED, name), *settings, update="--update" in sys.argv)
        t.check(p.returncode == 0, "%s: %s%s" % (name, p.stdout[-3000:], p.stderr[-3000:]))
    check_differences(t)
    check_cycles(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
