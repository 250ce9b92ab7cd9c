#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""DNS, mDNS and LLMNR of every capture: the questions and responses that tshark found, in the same frames; the same
records with one worker and with three; all valid by the schemas.
"""
import collections
import os
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

PLUGINS = "dns,flows,anomaly"
SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
# Frames where tshark sees something else, and why.
EXPLAINED = {
    ("arkime_synthetic.pcap", 623): "in Geneve to a port that is not Geneve's: not looked into",
}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def of_tshark(protocols):
    """Frame -> questions asked and responses in it."""
    facts = collections.defaultdict(lambda: [collections.Counter(), 0])
    for protocol in ("dns", "mdns", "llmnr"):
        for entry in protocols.get(protocol, {}).get("entries", []):
            fact = facts[entry["frame"]]
            responses = as_list(entry["response"])
            fact[1] += responses.count("1")
            if "0" in responses and "1" not in responses:
                fact[0].update(n.replace("<Root>", "") for n in as_list(entry.get("qname")))
    # A header that announces nothing gives no record.
    return {frame: (questions, answers) for frame, (questions, answers) in facts.items() if questions or answers}


def of_pal(events):
    facts = collections.defaultdict(lambda: [collections.Counter(), 0])
    for event in events:
        if event["event_type"] != "dns":
            continue
        fact = facts[event["pcap_cnt"]]
        if event["dns"]["type"] == "query":
            fact[0][event["dns"]["rrname"]] += 1
        else:
            fact[1] += 1
    return {frame: (questions, answers) for frame, (questions, answers) in facts.items()}


def of_version_3(events):
    """What of_pal() finds in records of version 2, in those of version 3."""
    facts = collections.defaultdict(lambda: [collections.Counter(), 0])
    for event in events:
        fact = facts[event["pcap_cnt"]]
        if event["dns"]["type"] == "request":
            fact[0].update(q["rrname"] for q in event["dns"].get("queries", []))
        else:
            fact[1] += 1
    return {frame: (questions, answers) for frame, (questions, answers) in facts.items() if questions or answers}


def check_version_3(t, captures, runs):
    """Version 3 says the same, by the schema of Suricata 8, the only one to have it."""
    path = os.path.join(pal.SCHEMAS, SCHEMAS[0])
    validator = validate.Validator(path, ("stats",)) if os.path.exists(path) else None
    news = pal.at_once(lambda n: pal.run(captures[n], "-p", "dns", "--set", "plugin.dns.version=3"), list(runs))
    for (name, old), new in zip(runs.items(), news):
        if not t.healthy(new, name, (0, 1)):
            continue
        events = new.events("dns")
        t.equal(of_version_3(events), of_pal(old.events()), "%s: version 3" % name)
        problems = [p for e in events for p in validator.problems(e)] if validator else []
        t.check(not problems, "%s: version 3: %s" % (name, problems[:3]))


def without_stats(run):
    return [line for line in run.lines() if b'"event_type":"stats"' not in line and b'"pal_stats"' not in line]


def main():
    t = pal.Test()
    captures = pal.captures()
    names = list(captures)
    runs = pal.at_once(lambda n: pal.run(captures[n], "-p", PLUGINS), names)
    others = pal.at_once(lambda n: pal.run(captures[n], "-p", PLUGINS, "-j", "3"), names)
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if os.path.exists(p)]
    check_version_3(t, captures, {n: r for n, r in zip(names, runs) if r.complaint() is None and r.events("dns")})
    compared = 0
    for name, run, other in zip(names, runs, others):
        if not t.healthy(run, name, (0, 1)) or not t.healthy(other, name, (0, 1)):
            continue
        t.check(without_stats(run) == without_stats(other), "%s: -j 3 has other records" % name)
        events = run.events()
        for validator in validators:
            problems = [p for e in events if "stats" not in e["event_type"]
                        for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        expected = pal.expected(name)
        if expected is None:
            continue
        theirs, ours = of_tshark(expected.get("protocols", {})), of_pal(events)
        compared += len(theirs)
        for frame in sorted(theirs.keys() | ours.keys()):
            t.check((theirs.get(frame) == ours.get(frame)) != ((name, frame) in EXPLAINED),
                    "%s: frame %d: tshark %s, PAL %s" % (name, frame, theirs.get(frame), ours.get(frame)))
    print("%d frames compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
