#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sum up what `meson test` did in the build directories given: what was skipped and why, what failed, the figures.

Exit code 1 when anything failed, or nothing was run.
"""
import json
import os
import re
import sys

PASSED = ("OK", "EXPECTEDFAIL")
SKIPPED = ("SKIP", "IGNORED")
REASON = re.compile(r"^(?:SKIP|skipped): *(.*)$", re.MULTILINE)


def results(builddir):
    """(name, result, output) of each test."""
    try:
        with open(os.path.join(builddir, "meson-logs", "testlog.json"), encoding="utf-8") as f:
            for line in f:
                test = json.loads(line)
                yield test["name"], test["result"], test.get("stdout") or ""
    except FileNotFoundError:  # no test of that name in this build
        return


def main():
    passed = failed = skipped = 0
    for builddir in sys.argv[1:]:
        build = os.path.basename(builddir)
        for name, result, output in results(builddir):
            passed += result in PASSED
            skipped += result in SKIPPED
            failed += result not in PASSED + SKIPPED
            if result not in PASSED + SKIPPED:
                print("%s: %s: %s" % (build, name, result))
            reasons = REASON.findall(output)
            if result in SKIPPED and not reasons:
                reasons = ["no reason given"]
            for why in reasons:
                print("%s: %s: skipped%s: %s" % (build, name, "" if result in SKIPPED else " in part", why))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
