#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The records of a capture, those of tunnels, fragments, streams and anomalies included, are the same for any number of
workers, any buffers, pages huge or not, and for one file or the same packets in several."""
import contextlib
import json
import sys

import build
import pal

DOCUMENTS = ("flows.json", "basic-stats.json", "community-ids.json", "protocols.json")

# Settings that must not change a record.
NEUTRAL = {
    "small reads": ("-j", "1", "--set", "file.buffer-kib=64", "--set", "file.buffers=8"),
    "small reads, workers": ("-j", "3", "--set", "file.buffer-kib=64", "--set", "file.buffers=8"),
    "large reads": ("-j", "2", "--set", "file.buffer-kib=1020", "--set", "file.buffers=4"),
    "few mbufs": ("-j", "2", "--set", "file.mbufs=1024"),
    "small inboxes": ("-j", "2", "--set", "threads.inbox=64"),
    "small inboxes, many workers": ("-j", "5", "--set", "threads.inbox=64"),
    "few views": ("-j", "2", "--set", "threads.views=1024"),
    "few views, many workers": ("-j", "5", "--set", "threads.views=1024", "--set", "threads.inbox=64"),
    "inboxes polled for ever": ("-j", "2", "--set", "threads.idle-sleep-us=0"),
    "no hugepages": ("-j", "2", "--no-huge"),
}
# Settings that change records, but in the same way for any number of workers.
EVENTFUL = {
    "few flows": ("--set", "flow.max-flows=512"),
    "short timeouts": sum(
        (("--set", "flow.%s=1" % key) for key in (
            "tcp-new", "tcp-established", "tcp-closed", "udp-new", "udp-established",
            "icmp-new", "icmp-established", "other-new", "other-established")),
        (),
    ),
    "fragments of few datagrams": ("--set", "defrag.max-datagrams=64", "--set", "defrag.timeout-v4=1", "--set", "defrag.timeout-v6=1"),
    "early segments of a flow": ("--set", "stream.flow-segments=2", "--set", "stream.flow-kib=2"),
    "early segments of a shard": ("--set", "stream.shard-segments=4", "--set", "stream.shard-kib=8"),
    "no comparison of what comes again": ("--set", "stream.recent=0"),
    "last wins": ("--set", "stream.policy=last", "--set", "defrag.policy=last"),
    "one anomaly a second": ("--set", "plugin.anomaly.limit=1"),
    "few flows, short timeouts": ("--set", "flow.max-flows=1024", "--set", "flow.udp-new=2", "--set", "flow.tcp-new=2"),
}


def crowd_of_fragments():
    """More datagrams than a small table holds, the second halves when the first ones have been there for a second."""
    halves = [build.fragments(build.A, build.B, build.UDP, build.udp(1000 + i, 53, b"x" * 40), 24, i) for i in range(200)]
    first = [(i / 1000, build.ethernet(h[0])) for i, h in enumerate(halves)]
    second = [(1.1 + i / 1000, build.ethernet(h[1])) for i, h in enumerate(halves)]
    return pal.write_file("fragments.pcap", build.pcap(first + second))


def run_all(files, *args):
    return pal.run(files, *pal.EVERYTHING, *args)


def document(run, name):
    """A result file as a value without order; keys that come twice are kept twice."""

    def canonical(value):
        if isinstance(value, dict):
            return canonical(list(value.items()))
        if isinstance(value, (list, tuple)):
            return sorted((canonical(v) for v in value), key=repr)
        return value

    with open(run.path(name)) as f:
        return canonical(json.load(f, object_pairs_hook=list))


def same_document(a, b, name):
    """Nearly always the lines are the same, which is quicker to see."""
    if sorted(x.rstrip(b",") for x in a.lines(name)) == sorted(x.rstrip(b",") for x in b.lines(name)):
        return True
    return document(a, name) == document(b, name)


def same(t, reference, run, text):
    """Records and result files are those of another run."""
    complaint = run.complaint()
    if not t.check(complaint is None, "%s: %s" % (text, complaint)):
        return
    t.equal(run.code, reference.code, "%s: exit code" % text)
    a, b = reference.lines(), run.lines()
    if not t.check(a == b, "%s: records differ" % text):
        for line in sorted(set(a) ^ set(b))[:4]:
            print("    %s %s" % ("only before:" if line in a else "only here:  ", line.decode()[:600]))
    for name in DOCUMENTS:
        t.check(same_document(reference, run, name), "%s: %s differs" % (text, name))


def check_workers(t, captures):
    """Each capture by itself, 1, 2, 3 and 5 workers."""
    jobs = [(name, j) for name in captures for j in ("1", "2", "3", "5")]
    runs = dict(zip(jobs, pal.at_once(lambda job: run_all(captures[job[0]], "-j", job[1]), jobs)))
    for name in captures:
        for j in ("2", "3", "5"):
            same(t, runs[(name, "1")], runs[(name, j)], "%s -j %s" % (name, j))


def check_settings(t, files):
    """All captures as one stream: settings that must not matter, and those that matter alike everywhere."""
    reference = run_all(files, "-j", "1")
    for text, args in NEUTRAL.items():
        same(t, reference, run_all(files, *args), text)
    for text, args in EVENTFUL.items():
        changed = run_all(files, "-j", "1", *args)
        t.check(changed.lines() != reference.lines() or not pal.have_corpus(), "%s changes nothing" % text)
        t.equal(pal.residuals(changed.stats()[1]), [], "%s: residuals" % text)
        for j in ("2", "5"):
            same(t, changed, run_all(files, "-j", j, *args), "%s -j %s" % (text, j))
    forced = run_all(files, "-j", "2", *EVENTFUL["few flows"]).stats()[1]["flow_ends"]["forced"]
    t.check(forced > 0 or not pal.have_corpus(), "few flows: nobody was evicted")
    return reference


HUGEPAGES = "/proc/sys/vm/nr_hugepages"


@contextlib.contextmanager
def hugepages(number):
    """Have so many 2 MiB pages free for a while; yields whether that worked."""
    try:
        with open(HUGEPAGES) as f:
            before = f.read()
        with open(HUGEPAGES, "w") as f:
            f.write(str(int(before) + number))
    except OSError as e:
        print("skipped: runs with hugepages: %s" % e)
        yield False
        return
    try:
        with open("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") as f:
            free = int(f.read())
        if free < number:
            print("skipped: runs with hugepages: only %d of %d pages could be had" % (free, number))
        yield free >= number
    finally:
        with open(HUGEPAGES, "w") as f:
            f.write(before)


def check_hugepages(t, files, reference):
    with hugepages(512) as there:
        for j in ("1", "2", "5") if there else ():
            same(t, reference, run_all(files, "-j", j, "--set", "eal.hugepages=yes"), "hugepages -j %s" % j)


def without_input(run):
    """Records without what says which file, and where in it."""
    out = []
    for event in run.events():
        event.pop("pcap_filename", None)
        event.pop("pcap_cnt", None)
        out.append(json.dumps(event, sort_keys=True))
    return sorted(out)


def check_parts(t, captures):
    """The packets of one file, in several files: flows go on from one to the next."""
    jobs = []
    for name, path in captures.items():
        capture = pal.capture_in(pal.plain(path))
        if capture is None or len(capture.records) < 2 or capture.has_untimed():
            continue
        whole = pal.write_file(name, capture.first(len(capture.records)))
        parts = [pal.write_file("%d-%s" % (i, name), data) for i, data in enumerate(capture.parts(4))]
        jobs.append((name, whole, parts))
    runs = pal.at_once(lambda job: (run_all(job[1], "-j", "1"), run_all(job[2], "-j", "2")), jobs)
    for (name, _, parts), (whole, split) in zip(jobs, runs):
        if t.healthy(whole, name) and t.healthy(split, "%s in %d files" % (name, len(parts))):
            t.check(without_input(whole) == without_input(split), "%s in %d files: records differ" % (name, len(parts)))
    t.check(jobs, "no capture could be split")


def main():
    t = pal.Test()
    captures = dict(pal.captures(), **{"fragments.pcap": crowd_of_fragments()})
    files = list(captures.values())
    check_workers(t, captures)
    reference = check_settings(t, files)
    check_hugepages(t, files, reference)
    check_parts(t, captures)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
