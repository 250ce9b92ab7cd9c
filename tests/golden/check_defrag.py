#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare the datagrams put together from fragments of real captures with those that tshark put together.

    usage: check_defrag.py DEFRAG_DUMP [CAPTURE ...]

The captures and the expected results are a folder of their own: $PAL_CORPUS, or ../shared/corpus beside the
source tree. Without it there is nothing to compare with, and the test is skipped.
"""
import hashlib
import json
import os
import subprocess
import sys

SKIP = 77
LISTED_MAX = 250  # datagrams that an expected result lists
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Where the answer is another one, and why: what our datagrams are (frame, version, fragments, length of the payload,
# and the beginning of its SHA-256), and how many frames left under which names.
OTHERWISE = {
    # Fragments overlap with different bytes and reach past the end: BSD's reading is not tshark's.
    "ipv4-fragmented-1.pcap": ([(3, 4, 3, 164, "996a75fe")], {}),
    # RFC 5722: overlap, and a fragment past the end, discard an IPv6 datagram.
    "ipv6-frag-1.pcap": ([], {"frag_overlap": 4}),
    "ipv6-frag-29.pcap": ([], {"frag_overlap": 3}),
    # RFC 6946: atomic fragments are whole datagrams, of which nothing is left over.
    "ipv6-http-atomic-frag.pcap": ([], {}),
    # RFC 8200 section 4.5: with its hop-by-hop options the payload would have 65536 bytes, so the last fragment of
    # each goes, and the others have waited in vain.
    "ipv6-reassembly-state-leak.pcap": ([], {"frag_too_large": 2, "frag_timeout": 45, "frag_incomplete": 45}),
    # What tshark takes for fragments lies behind dozens of MPLS labels, and is none.
    "mpls-6in6-broken.pcap.gz": ([], {}),
}


def dump(program, path):
    """Datagrams (frame, version, fragments, length, SHA-256), and frames lost or dropped by name."""
    p = subprocess.run([program, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    whole, gone = [], {}
    for line in p.stdout.decode().splitlines():
        words = line.split(" ")
        if words[0] in ("lost", "dropped"):
            gone[words[2]] = gone.get(words[2], 0) + (int(words[1]) if words[0] == "lost" else 1)
            continue
        payload = bytes.fromhex(words[3])
        whole.append((int(words[0]), int(words[1]), int(words[2]), len(payload), hashlib.sha256(payload).hexdigest()))
    return whole, gone, p.returncode, p.stderr.decode().strip()


def problems(name, want, whole, gone):
    listed = [(x["frame"], x["version"], x["fragments"], x["payload_bytes"], x["payload_sha256"])
              for x in want.get("reassembled", [])]
    if name in OTHERWISE:
        ours, names = OTHERWISE[name]
        if [x[:4] + (x[4][:8],) for x in whole] != ours:
            yield "datagrams: expected %s, got %s" % (ours, whole)
        if gone != names:
            yield "frames gone: expected %s, got %s" % (names, gone)
        return
    if len(whole) != want["datagrams_reassembled"]:
        yield "datagrams: expected %d, got %d" % (want["datagrams_reassembled"], len(whole))
    got = whole if len(listed) < LISTED_MAX else whole[:LISTED_MAX]
    for x in sorted(set(listed) - set(got)):
        yield "missing: %s" % (x,)
    for x in sorted(set(got) - set(listed)):
        yield "not expected: %s" % (x,)
    if sum(gone.values()) != want["fragment_frames_never_reassembled"]:
        yield "frames left over: expected %d, got %s" % (want["fragment_frames_never_reassembled"], gone)


def main():
    program, only = sys.argv[1], sys.argv[2:]
    corpus = os.environ.get("PAL_CORPUS", os.path.join(os.path.dirname(TREE), "shared", "corpus"))
    if not os.path.isdir(os.path.join(corpus, "captures")):
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % corpus)
        return SKIP
    nb_files = nb_datagrams = nb_bad = 0
    for folder, _, names in sorted(os.walk(os.path.join(corpus, "captures"))):
        for name in sorted(names):
            if only and name not in only:
                continue
            with open(os.path.join(corpus, "expected", name + ".json")) as f:
                want = json.load(f).get("fragments") or {}
            if not want.get("ipv4_fragment_frames") and not want.get("ipv6_fragment_frames"):
                continue
            whole, gone, status, complaint = dump(program, os.path.join(folder, name))
            nb_files += 1
            nb_datagrams += len(whole)
            if status != 0:
                print("%s: status %d: %s" % (name, status, complaint))
            for problem in problems(name, want, whole, gone):
                nb_bad += 1
                print("%s: %s" % (name, problem))
    print("%d captures with %d datagrams compared, %d differences" % (nb_files, nb_datagrams, nb_bad))
    return 1 if nb_bad or not nb_files else 0


if __name__ == "__main__":
    sys.exit(main())
