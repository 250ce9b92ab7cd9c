#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare the TCP streams of real captures with what tshark and others made of them.

    usage: check_streams.py STREAM_DUMP [CAPTURE ...]

The captures and the expected results are a folder of their own: $PAL_CORPUS, or ../shared/corpus beside the source
tree. Without it there is nothing to compare with, and the test is skipped. What is expected is described in the
README there, section "TCP streams": gaps are filled with zeros, of bytes sent twice the first ones are kept.
"""
import collections
import json
import os
import subprocess
import sys

SKIP = 77
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Streams that stream_dump does not get to see.
NOT_REACHED = {"solaris.snoop": "a file format that nobody here reads"}
# Streams by capture and number that have no byte here, and why.
EXPLAINED = {
    ("ip_fragmented_garbage.pcap", 0): "the TCP header contradicts itself",
    ("ip_fragmented_garbage.pcap", 1): "data without the ACK flag, which no host takes",
    ("ip_fragmented_garbage.pcap", 3): "the TCP header contradicts itself",
}
# Streams that are more here: tshark does not see that a VLAN makes a connection another one.
MORE_STREAMS = {"vlan-collisions.pcap": 4}


def key_of(direction):
    plain = [direction[k].replace("[", "").replace("]", "") for k in ("from", "to")]
    return (*plain, direction["sha256"])


def problems(name, want, got):
    """What differs, and how many streams are not there though they may be missing."""
    pool = collections.defaultdict(list)
    for direction in got:
        pool[key_of(direction)].append(direction)
    ends = {key_of(d)[:2] for d in got}
    missing, texts = 0, []
    for stream in want:
        for direction in stream["directions"]:
            if direction["stream_bytes"] == 0:
                continue
            found = pool.get(key_of(direction))
            if found:
                mine = found.pop()
                # The byte of a keep-alive is garbage, and not held against anybody.
                if direction.get("conflicting_overlap") and not mine["conflicts"] and not mine["keep_alives"]:
                    texts.append("stream %d: different bytes not reported: %s" % (stream["stream"], mine))
            elif (name, stream["stream"]) in EXPLAINED and key_of(direction)[:2] not in ends:
                missing += 1
            elif name in NOT_REACHED and key_of(direction)[:2] not in ends:
                missing += 1
            else:
                texts.append("stream %d: not equal: %s" % (stream["stream"], direction))
    left = [d for found in pool.values() for d in found]
    if len(left) != MORE_STREAMS.get(name, 0):
        texts.append("%d streams that nobody else has: %s" % (len(left), left[:3]))
    return texts, missing


def main():
    dump, only = sys.argv[1], sys.argv[2:]
    corpus = os.environ.get("PAL_CORPUS", os.path.join(os.path.dirname(TREE), "shared", "corpus"))
    if not os.path.isdir(os.path.join(corpus, "captures")):
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % corpus)
        return SKIP
    compared = failed = skipped = 0
    for folder, _, names in sorted(os.walk(os.path.join(corpus, "captures"))):
        for name in sorted(names):
            expected = os.path.join(corpus, "expected", name + ".json")
            if (only and name not in only) or not os.path.exists(expected):
                continue
            with open(expected) as f:
                want = json.load(f).get("tcp_streams") or []
            p = subprocess.run([dump, os.path.join(folder, name)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            got = [json.loads(line) for line in p.stdout.splitlines()]
            texts, missing = problems(name, want, got)
            if p.returncode not in (0, 1):  # 1: no capture file
                texts.append("status %d: %s" % (p.returncode, p.stderr[-2000:].decode(errors="replace")))
            for text in texts:
                print("FAIL %s: %s" % (name, text))
            failed += len(texts)
            skipped += missing
            compared += sum(d["stream_bytes"] > 0 for s in want for d in s["directions"]) - missing
    print("%d directions compared, %d absent with a reason, %d failed" % (compared, skipped, failed))
    return 1 if failed or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
