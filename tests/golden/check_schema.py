#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every record of every capture: valid JSON, right types, valid by OISF's schemas and by PAL's own."""
import os
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

# Suricata 7 has fewer counters: its `stats` are not claimed (interfaces.md).
SCHEMAS = {"eve-schema-8.0.6.json": (), "eve-schema-7.0.10.json": ("stats",)}


def validators():
    found = []
    for name, skip in SCHEMAS.items():
        path = os.path.join(pal.SCHEMAS, name)
        if os.path.exists(path):
            found.append((name, validate.Validator(path, skip)))
        else:
            print("skipped: records against %s, which is not there" % path)
    return found or [("PAL's own", validate.Validator())]


def check_ledger_names(t, pal_stats, names):
    """Exits have the names of pal_drop.def."""
    for exit_name in pal_stats["ledger"]["exits"]:
        t.check(exit_name in names, "exit %s is not in pal_drop.def" % exit_name)


def drop_names():
    with open(os.path.join(pal.TREE, "lib", "pkt", "pal_drop.def")) as f:
        return {line.split('"')[1] for line in f if line.startswith("PAL_DROP(")}


def rejects(t, validator):
    """The validators do find what is wrong."""
    wrong = [
        {"event_type": "pal_stats", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {}},
        {"event_type": "pal_other", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {}},
        {"event_type": "flow", "timestamp": "2020-01-01T00:00:00.000000+0000", "flow_id": "1"},
    ]
    for event in wrong:
        t.check(list(validator.problems(event)), "passes, but is wrong: %s" % event)


def main():
    t = pal.Test()
    captures = pal.captures()
    runs = pal.at_once(lambda n: pal.run(captures[n], "-j", "2"), list(captures))
    names = drop_names()
    schemas = validators()
    for name, run in zip(captures, runs):
        if not t.healthy(run, name, (0, 1)):
            continue
        events = run.events()  # strict JSON, no key twice
        types = {e["event_type"] for e in events}
        t.check({"stats", "pal_stats"} <= types <= {"stats", "pal_stats", "flow"}, "%s: %s" % (name, types))
        check_ledger_names(t, run.stats()[1], names)
        for schema, validator in schemas:
            problems = [p for e in events for p in validator.problems(e)]
            t.check(not problems, "%s: %s: %d problems: %s" % (name, schema, len(problems), problems[:3]))
    rejects(t, schemas[0][1])
    for schema, validator in schemas:
        t.check(validator.validated, "%s: nothing validated" % schema)
        print("%s: %d records valid" % (schema, validator.validated))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
