#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same records of application protocols, however a stream came: each capture with TCP re-segmented to 1, 7, 100 and 1460
bytes, and to 100 with one of twenty pairs of neighbours swapped (support/resegment.c); and with one to four workers.

Compared is everything in a record but `pcap_cnt`, the number of the packet in its file, and `flow_id`, which is made of the
first packet: they cannot be the same. Times are compared: each piece has the time of the packet that it was part of. Of flow
records, what counts packets is left out.
"""
import collections
import json
import os
import subprocess
import sys

import pal

RESEGMENT = os.environ["PAL_RESEGMENT"]
# SIZE, PERCENT, -j, largest capture: a capture in segments of one byte is fifty times as large.
# Larger captures with PAL_TEST_FULL=1.
FULL = os.environ.get("PAL_TEST_FULL") == "1"
CUTS = (
    (1, 0, "2", 400_000 if FULL else 50_000),
    (7, 0, "3", 1_500_000 if FULL else 300_000),
    (100, 0, "4", 8_000_000 if FULL else 1_500_000),
    (1460, 0, "2", 8_000_000 if FULL else 1_500_000),
    (100, 5, "3", 1_500_000 if FULL else 300_000),
)
# No application protocol, or about packets.
NOT_COMPARED = ("stats", "pal_stats", "anomaly", "pal_anomaly", "pal_tunnel", "pal_stream_digest")
# What a flow record says about packets: as many as there are, and when they were reordered.
OF_PACKETS = ("pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient")
# (capture, size, percent) whose streams are not the same, and why.
WITHOUT_SYN = "connections of one packet without a SYN: the piece that comes second was before the first byte seen"
IN_SYN = "a request in a SYN cannot come in pieces: what is behind the SYN has no ACK before the handshake"
# XXX: Not understood. Packets are missing in both captures, and pieces change what is behind the gaps.
GAPS = "messages behind gaps"
LONG = "954 names do not fit a record, and the longer name of the capture leaves less room for them"
EXPLAINED = {
    ("dns-edns-ecs.pcap", 100, 5): WITHOUT_SYN,
    ("fuzz-2006-09-29-28586.pcap", 100, 5): WITHOUT_SYN,
    ("tcp-fast-open.pcap", 1, 0): IN_SYN,
    ("tcp-fast-open.pcap", 7, 0): IN_SYN,
    ("4KHttpRequests.pcap", 7, 0): GAPS,
    ("4KHttpRequests.pcap", 100, 5): GAPS,
    ("80211http.pcap", 1, 0): GAPS,
    ("80211http.pcap", 7, 0): GAPS,
    ("80211http.pcap", 100, 0): GAPS,
    ("80211http.pcap", 100, 5): GAPS,
    ("tls-fragmented-handshake.pcap.gz", 1, 0): LONG,
    ("tls-fragmented-handshake.pcap.gz", 7, 0): LONG,
    ("tls-fragmented-handshake.pcap.gz", 100, 0): LONG,
    ("tls-fragmented-handshake.pcap.gz", 1460, 0): LONG,
    ("tls-fragmented-handshake.pcap.gz", 100, 5): LONG,
}


def plugins():
    """All that are about application protocols."""
    listed = subprocess.run([pal.PROGRAM, "--list-plugins"], stdout=subprocess.PIPE, check=True).stdout.decode()
    names, last = [], None
    for line in listed.splitlines():
        if not line.startswith(" "):
            last = line.split()[0]
        elif line.strip().startswith("protocols:") and not last.startswith("example"):
            names.append(last)
    return ",".join(names) + ",flows"


def records(run):
    out = collections.Counter()
    for event in run.events():
        if event["event_type"] in NOT_COMPARED:
            continue
        event.pop("pcap_cnt", None)
        event.pop("flow_id", None)
        event.pop("pcap_filename", None)
        if event["event_type"] == "flow":
            for key in OF_PACKETS:
                event["flow"].pop(key)
        out[json.dumps(event, sort_keys=True)] += 1
    return out


def differences(a, b):
    return ["- " + r for r in (a - b)] + ["+ " + r for r in (b - a)]


def main():
    t = pal.Test()
    selected, asked = plugins(), set(sys.argv[1:])
    jobs = []
    for name, path in pal.captures().items():
        if asked and name not in asked:
            continue
        for cut in CUTS:
            if os.path.getsize(path) <= cut[3]:
                jobs.append((name, path, cut))
    wanted = {}
    nb_records = nb_compared = 0

    def work(job):
        name, path, (size, percent, workers, _) = job
        other = os.path.join(pal.scratch(), "%d-%d-%s" % (size, percent, name))
        made = subprocess.run([RESEGMENT, str(size), str(percent), path, other], stderr=subprocess.PIPE)
        run = pal.run(other, "-p", selected, "-j", workers) if os.path.exists(other) else None
        if os.path.exists(other):
            os.remove(other)
        return made, run

    for name, path in {(n, p) for n, p, _ in jobs}:
        run = pal.run(path, "-p", selected, "-j", "1")
        if t.healthy(run, name, (0, 1)):
            wanted[name] = records(run)
    for job, (made, run) in zip(jobs, pal.at_once(work, jobs)):
        name, _, (size, percent, workers, _) = job
        what = "%s by %d, %d %% swapped, -j %s" % (name, size, percent, workers)
        if run is None or name not in wanted or not t.healthy(run, what, (0, 1)):
            continue
        diff = differences(wanted[name], records(run))
        explained = (name, size, percent) in EXPLAINED
        t.check(bool(diff) == explained,
                "%s: %d records differ%s\n%s" % (what, len(diff), ", as explained: they do not" if explained else "",
                                                 "\n".join(d[:400] for d in diff[:4])))
        nb_compared += 1
        nb_records += sum(wanted[name].values())
    print("%d captures cut, %d records compared" % (nb_compared, nb_records))
    t.check(nb_compared, "nothing was compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
