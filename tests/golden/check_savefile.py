#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare what the reader finds in real captures with what other tools found.

    usage: check_savefile.py SAVEFILE_DUMP [CAPTURE ...]

The captures and the expected results are a folder of their own: $PAL_CORPUS, or ../shared/corpus beside the
source tree. Without it there is nothing to compare with, and the test is skipped.
"""
import hashlib
import json
import os
import subprocess
import sys

SKIP = 77
SATURATED = "%d.%09d" % divmod(2**64 - 1, 10**9)
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def read(dump, path):
    """What savefile_dump prints: records, bytes, digest (as in the corpus' README), and its complaint."""
    p = subprocess.run([dump, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    digest = hashlib.sha256()
    got = {"records": 0, "captured_bytes": 0, "wire_bytes": 0, "times_fit": True}
    for number, line in enumerate(p.stdout.decode().splitlines(), 1):
        time, cap, wire, data = line.split(" ")
        got["times_fit"] &= time != SATURATED
        md5 = hashlib.md5(bytes.fromhex(data)).hexdigest()
        digest.update(("%d %s %s %s %s\n" % (number, time, cap, wire, md5)).encode())
        got["records"] += 1
        got["captured_bytes"] += int(cap)
        got["wire_bytes"] += int(wire)
    got["record_digest"] = digest.hexdigest()
    return got, p.returncode, p.stderr.decode().strip()


def problems(name, want, got, status, complaint):
    structure = want.get("structure") or {}
    # Files that are to be refused with a sentence: no capture, or of an unknown version.
    if not structure or structure.get("version") == "1.4":
        if status != 1 or got["records"] != 0 or name not in complaint:
            yield "should be refused, but status %d: %s" % (status, complaint)
        return
    # Times that 64 bits of nanoseconds cannot hold (a broken clock) make another digest; the rest must agree.
    if not got["times_fit"]:
        del got["record_digest"]
    for key, value in got.items():
        if key in structure and structure[key] != value:
            yield "%s: expected %s, got %s" % (key, structure[key], value)
    if ("end" in structure) != (status != 0):
        yield "status %d (%s), but expected %s" % (status, complaint, structure.get("end", "a clean end"))


def main():
    dump, only = sys.argv[1], sys.argv[2:]
    corpus = os.environ.get("PAL_CORPUS", os.path.join(os.path.dirname(TREE), "shared", "corpus"))
    if not os.path.isdir(os.path.join(corpus, "captures")):
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % corpus)
        return SKIP
    nb_files = nb_bad = 0
    for folder, _, names in sorted(os.walk(os.path.join(corpus, "captures"))):
        for name in sorted(names):
            if only and name not in only:
                continue
            with open(os.path.join(corpus, "expected", name + ".json")) as f:
                want = json.load(f)
            nb_files += 1
            for problem in problems(name, want, *read(dump, os.path.join(folder, name))):
                nb_bad += 1
                print("%s: %s" % (name, problem))
    print("%d captures compared, %d differences" % (nb_files, nb_bad))
    return 1 if nb_bad or not nb_files else 0


if __name__ == "__main__":
    sys.exit(main())
