#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The cases of TESTLIST: capture in, sorted eve.json out, compared with what is expected, word for word.

    usage: run.py [--update] [NAME ...]
"""
import difflib
import json
import os
import shlex
import sys

import pal


def cases():
    with open(os.path.join(pal.HERE, "TESTLIST")) as f:
        for line in f:
            words = shlex.split(line, comments=True)
            if words:
                yield words[0], words[1], os.path.join(pal.HERE, "expected", words[2]), words[3:]


def normalised(run):
    """Sorted records without what depends on where the capture lies."""
    out = []
    for event in run.events():
        if "pcap_filename" in event:
            event["pcap_filename"] = os.path.basename(event["pcap_filename"])
        out.append(json.dumps(event, separators=(",", ":")) + "\n")
    return sorted(out)


def main():
    names = [a for a in sys.argv[1:] if a != "--update"]
    t = pal.Test()
    for name, capture, path, args in cases():
        if names and name not in names:
            continue
        result = pal.run(os.path.join(pal.SMALL, capture), *args)
        if not t.healthy(result, name):
            continue
        got = normalised(result)
        if "--update" in sys.argv:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.writelines(got)
        with open(path) as f:
            want = f.readlines()
        diff = "".join(difflib.unified_diff(want, got, path, "this program", n=0))
        t.check(not diff, "%s: records differ. If they are right: run.py --update %s\n%s" % (name, name, diff))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
