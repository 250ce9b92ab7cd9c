#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Captures cut anywhere and with bytes changed anywhere: no crash, no lost packet, complete output, the file named.

Damaged files are analysed many at a time, a folder as one stream, because one bad file never stops a batch; some are
analysed alone as well. PAL_TEST_FULL=1 does the whole: each capture cut at 200 places, and 200 times changed.
"""
import os
import random
import shutil
import sys
import tempfile

import pal

FULL = os.environ.get("PAL_TEST_FULL") == "1"
PER_FILE = 200 if FULL else 25
# A batch is on disk as long as it is analysed.
BATCH_BYTES, BATCH_FILES = 64 << 20, 2000


class Batch:
    """A folder of damaged files, and what must come of it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(dir=pal.scratch())
        self.files, self.bytes = 0, 0
        self.packets = 0  # whole ones; None where nobody counted
        self.broken = []  # names of files that end inside something

    def add(self, name, data, packets, broken):
        name = "%05d-%s" % (self.files, name)
        with open(os.path.join(self.folder, name), "wb") as f:
            f.write(data)
        self.files, self.bytes = self.files + 1, self.bytes + len(data)
        if packets is None or self.packets is None:
            self.packets = None
        else:
            self.packets += packets
        if broken:
            self.broken.append(name)

    def full(self):
        return self.bytes >= BATCH_BYTES or self.files >= BATCH_FILES


def flat(run):
    """Records without what says which file, and where in it."""
    events = []
    for e in run.events():
        e.pop("pcap_filename", None)
        e.pop("pcap_cnt", None)
        events.append(repr(sorted(e.items(), key=repr)))
    return sorted(events)


def check_run(t, run, text, codes):
    if not t.healthy(run, text, codes):
        return None
    stats, pal_stats = run.stats()  # strict JSON, complete lines
    t.equal(pal.residuals(pal_stats), [], "%s: residuals" % text)
    t.equal(pal_stats["lost_records"], 0, "%s: lost records" % text)
    delivered = sum(f["flow"]["pkts_toserver"] + f["flow"]["pkts_toclient"] for f in run.flows())
    sent = sum(pal_stats[book]["out"]["pkts"] for book in ("ledger", "ledger_inner"))
    t.equal(delivered, sent, "%s: packets in flow records" % text)
    return pal_stats["ledger"]["in"]["pkts"]


def finish(t, batch, text):
    """Analyse a batch with one worker and with several; the same must come of it."""
    if batch.files == 0:
        return
    codes = (0, 1) if batch.packets is None else (1 if batch.broken else 0,)
    one, three = pal.at_once(lambda j: pal.run(batch.folder, "-j", j, timeout=600), ("1", "3"))
    packets = check_run(t, one, "%s, %d files" % (text, batch.files), codes)
    if packets is not None and check_run(t, three, "%s -j 3" % text, codes) is not None:
        if batch.packets is not None:
            t.equal(packets, batch.packets, "%s: packets of %d files" % (text, batch.files))
        t.check(one.lines() == three.lines(), "%s: other records with 3 workers" % text)
        said = one.stderr.decode(errors="replace")
        unnamed = [n for n in batch.broken if n + ":" not in said]
        t.check(not unnamed, "%s: not complained about: %s" % (text, unnamed[:5]))
    for run in (one, three):
        shutil.rmtree(run.outdir)
    if t.bad == 0:
        shutil.rmtree(batch.folder)


class Batches:
    def __init__(self, t, text):
        self.t, self.text, self.batch, self.count = t, text, Batch(), 0

    def add(self, *args):
        self.batch.add(*args)
        self.count += 1
        if self.batch.full():
            self.close()

    def close(self):
        finish(self.t, self.batch, self.text)
        self.batch = Batch()


def whole_packets(data):
    """What an independent reader finds: packets before the end, and whether the end is inside something."""
    capture = pal.capture_in(data)
    if capture is None:
        return 0, True
    return len(capture.records), capture.damaged


def add_cuts(rng, batches, squeezed, name, data):
    plain = pal.capture_in(data) is not None
    for at in [rng.randrange(len(data)) for _ in range(PER_FILE)]:
        cut = data[:at]
        if plain:
            batches.add(name, cut, *whole_packets(cut))
        else:  # compressed, or no capture at all: how much comes out is up to the decompressor
            squeezed.add(name, cut, None, False)


def add_changes(rng, batches, name, data):
    for _ in range(PER_FILE):
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            # Half of them near the beginning, where the headers are.
            at = rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 256))
            changed[at] ^= rng.randrange(1, 256)
        batches.add(name, bytes(changed), None, False)


def check_prefixes(t, rng, plain):
    """A file that is cut gives the records of a whole file with the packets before the cut."""
    jobs = []
    for name in sorted(plain) if FULL else sorted(rng.sample(sorted(plain), min(12, len(plain)))):
        data = plain[name]
        at = rng.randrange(len(data) // 2, len(data))
        capture = pal.capture_in(data[:at])
        if capture is None or not capture.damaged or not capture.records:
            continue
        cut = pal.write_file(name, data[:at])
        prefix = pal.write_file(name, capture.first(len(capture.records)))
        jobs.append((name, at, cut, prefix))
    runs = pal.at_once(lambda job: (pal.run(job[2], "-j", "1"), pal.run(job[3], "-j", "1")), jobs)
    for (name, at, cut, _), (damaged, whole) in zip(jobs, runs):
        text = "%s cut at %d" % (name, at)
        if check_run(t, damaged, text, (1,)) is not None and check_run(t, whole, name, (0,)) is not None:
            t.check(flat(damaged) == flat(whole), "%s: other records than its whole packets" % text)
            said = damaged.stderr.decode(errors="replace")
            t.check(cut in said and "byte" in said, "%s: says %r" % (text, said))
    t.check(jobs, "nothing was cut")


def main():
    t = pal.Test()
    rng = random.Random(20261124)
    cuts, squeezed = Batches(t, "cut"), Batches(t, "cut, compressed")
    changes = Batches(t, "changed")
    plain = {}
    for name, path in pal.captures().items():
        with open(path, "rb") as f:
            data = f.read()
        if not data:
            continue
        if pal.capture_in(data) is not None and len(data) < 1 << 20:
            plain[name] = data
        add_cuts(rng, cuts, squeezed, name, data)
        add_changes(rng, changes, name, data)
    for batches in (cuts, squeezed, changes):
        batches.close()
        print("%s: %d files" % (batches.text, batches.count))
    check_prefixes(t, rng, plain)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
