#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Signals in the middle of a run that is fed slowly through a pipe: an orderly end, statistics, reopened files."""
import gzip
import os
import signal
import subprocess
import sys
import tempfile
import time

import pal

CAPTURE = os.path.join(pal.SMALL, "vlan-collisions.pcap")
PATIENCE_S = 20


class Fed:
    """A run that reads standard input from us."""

    def __init__(self, *args):
        self.outdir = tempfile.mkdtemp(dir=pal.scratch())
        self.p = subprocess.Popen(
            [pal.PROGRAM, "-o", self.outdir, *args, "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Before main() nobody can have blocked a signal.
        self.wait_for(lambda: os.path.exists(self.path()))

    def feed(self, data):
        self.p.stdin.write(data)
        self.p.stdin.flush()

    def tell(self, number):
        self.p.send_signal(number)

    def path(self, name="eve.json"):
        return os.path.join(self.outdir, name)

    def records(self, name="eve.json"):
        """What is in a file now, whole lines only."""
        try:
            with open(self.path(name), "rb") as f:
                data = f.read()
        except FileNotFoundError:
            return []
        return pal.parse_lines(data[: data.rfind(b"\n") + 1])

    def packets(self):
        """Packets read so far, by asking for statistics."""
        before = len(self.records())
        self.tell(signal.SIGUSR1)
        self.wait_for(lambda: len(self.records()) >= before + 2)
        stats = [r for r in self.records() if r["event_type"] == "pal_stats"]
        return stats[-1]["pal"]["ledger"]["in"]["pkts"] if stats else 0

    def wait_for(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > end or self.p.poll() is not None:
                return False
            time.sleep(0.01)
        return True

    def end(self):
        """-> pal.Run, when it has ended by itself"""
        before = time.monotonic()
        try:
            code = self.p.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.p.kill()
            code = self.p.wait()
        self.seconds = time.monotonic() - before
        try:
            self.p.stdin.close()
        except BrokenPipeError:
            pass
        out, err = self.p.stdout.read(), self.p.stderr.read()
        self.p.stdout.close()
        self.p.stderr.close()
        return pal.Run(self.outdir, code, out, err)


def check_end(t, number, squeeze, args):
    """Cut off in the middle of a record, and of everything else."""
    text = "%s, %s, %s" % (signal.Signals(number).name, "gzip" if squeeze else "plain", " ".join(args))
    capture = pal.Pcap(pal.plain(CAPTURE))
    half = capture.first(len(capture.records) // 2)
    data = half + capture.records[-1][:40]
    want = len(capture.records) // 2
    fed = Fed(*args)
    if squeeze:
        data = gzip.compress(half) + gzip.compress(data[len(half) :])[:-4]
    fed.feed(data)
    if squeeze:  # the decompressor gives 64 KiB at a time, so what comes out of so little is up to it
        fed.packets()
    else:
        t.check(fed.wait_for(lambda: fed.packets() == want), "%s: %d packets were fed, not seen" % (text, want))
    fed.tell(number)
    run = fed.end()
    if not t.healthy(run, text):
        return
    t.check(fed.seconds < 5, "%s: took %.1f s to end" % (text, fed.seconds))
    t.check(run.stderr == b"", "%s: complains: %r" % (text, run.stderr))
    t.check(run.stdout.startswith(b"interrupted:"), "%s: summary: %r" % (text, run.stdout[:200]))
    stats, pal_stats = run.stats()
    t.equal(pal.residuals(pal_stats), [], "%s: residuals" % text)
    for name in ("flows.json", "basic-stats.json", "community-ids.json"):
        run.document(name)
    if squeeze:
        return
    t.equal(pal_stats["ledger"]["in"]["pkts"], want, "%s: packets" % text)
    reasons = {f["flow"]["reason"] for f in run.flows()}
    t.equal(reasons, {"shutdown"}, "%s: reasons" % text)
    whole = pal.run(pal.write_file("half.pcap", half), "-j", "1")
    t.equal(endless(run), endless(whole), "%s: flows" % text)


def endless(run):
    events = run.flows()
    for e in events:
        e.pop("pcap_filename")
    return sorted(map(repr, events))


def check_nothing_yet(t):
    """Before the first byte has come."""
    for number in (signal.SIGINT, signal.SIGTERM):
        fed = Fed("-j", "1")
        fed.tell(number)
        run = fed.end()
        t.healthy(run, "%s before any input" % number)
        t.equal(run.stats()[1]["ledger"]["in"]["pkts"], 0, "packets before any input")


def check_statistics(t):
    capture = pal.Pcap(pal.plain(CAPTURE))
    for j in ("1", "2"):
        fed = Fed("-j", j, "-q")
        fed.feed(capture.first(10))
        t.check(fed.wait_for(lambda: fed.packets() == 10), "USR1: 10 packets were fed, not seen")
        fed.feed(b"".join(capture.records[10:]))
        t.check(fed.wait_for(lambda: fed.packets() == len(capture.records)), "USR1: the rest is not seen")
        fed.p.stdin.close()
        run = fed.end()
        t.healthy(run, "USR1")
        t.check(len(run.events("stats")) >= 3 and run.stats()[0]["flow"]["active"] == 0, "USR1: stats records")
        validate(t, run)


def validate(t, run):
    """Also records written in the middle of a run are valid."""
    sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
    try:
        import validate as schema
    except ImportError:
        print("skipped: validation, needs python3-jsonschema")
        return
    path = os.path.join(pal.SCHEMAS, "eve-schema-8.0.6.json")
    validator = schema.Validator(path if os.path.exists(path) else None)
    problems = [p for e in run.events() for p in validator.problems(e)]
    t.check(not problems, "records in the middle of a run: %s" % problems[:3])


def check_reopen(t):
    """logrotate: rename, HUP, go on."""
    capture = pal.Pcap(pal.plain(CAPTURE))
    fed = Fed("-j", "1", "-q")
    fed.feed(capture.first(10))
    t.check(fed.wait_for(lambda: fed.packets() == 10), "HUP: not read")
    os.rename(fed.path(), fed.path("eve.json.1"))
    fed.tell(signal.SIGHUP)
    t.check(fed.wait_for(lambda: os.path.exists(fed.path())), "HUP: eve.json was not made anew")
    before = len(fed.records("eve.json.1"))
    fed.feed(b"".join(capture.records[10:]))
    t.check(fed.wait_for(lambda: fed.packets() == len(capture.records)), "HUP: not read on")
    fed.p.stdin.close()
    run = fed.end()
    t.healthy(run, "HUP")
    t.equal(len(fed.records("eve.json.1")), before, "HUP: wrote on into the old file")
    t.check(run.flows() and run.stats()[1]["ledger"]["in"]["pkts"] == len(capture.records), "HUP: new file")
    for name in ("flows.json", "basic-stats.json", "community-ids.json"):
        run.document(name)


def check_reload(t):
    fed = Fed("-j", "1", "-q")
    capture = pal.Pcap(pal.plain(CAPTURE))
    fed.feed(capture.first(10))
    fed.wait_for(lambda: fed.packets() == 10)
    fed.tell(signal.SIGUSR2)
    fed.feed(b"".join(capture.records[10:]))
    fed.p.stdin.close()
    run = fed.end()
    t.healthy(run, "USR2")
    t.equal(run.stats()[1]["ledger"]["in"]["pkts"], len(capture.records), "USR2: packets")


def check_files(t):
    """In the middle of many files: what was read is complete."""
    files = [CAPTURE] * 20000
    outdir = tempfile.mkdtemp(dir=pal.scratch())
    p = subprocess.Popen([pal.PROGRAM, "-q", "-j", "2", "-o", outdir] + files, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    time.sleep(0.5)
    p.send_signal(signal.SIGTERM)
    out, err = p.communicate(timeout=PATIENCE_S)
    run = pal.Run(outdir, p.returncode, out, err)
    if t.healthy(run, "SIGTERM among files"):
        t.equal(pal.residuals(run.stats()[1]), [], "SIGTERM among files: residuals")
        packets = run.stats()[1]["ledger"]["in"]["pkts"]
        print("SIGTERM among files: after %d of %d packets" % (packets, 42 * len(files)))
        t.equal(sum(f["flow"]["pkts_toserver"] + f["flow"]["pkts_toclient"] for f in run.flows()), packets,
                "SIGTERM among files: packets in flows")


def main():
    t = pal.Test()
    for number in (signal.SIGINT, signal.SIGTERM):
        for squeeze in (False, True):
            for args in (("-j", "1"), ("-j", "3")):
                check_end(t, number, squeeze, args)
    check_nothing_yet(t)
    check_statistics(t)
    check_reopen(t)
    check_reload(t)
    check_files(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
