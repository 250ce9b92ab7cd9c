#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Validate EVE records: Suricata's event types against OISF's schema, pal_ ones against PAL's own.

    usage: validate.py [--suricata SCHEMA] [--skip EVENT_TYPE] EVE_JSON ...

OISF's schema is GPL-2 and not part of this tree; without --suricata those records are only looked at.
"""
import json
import os
import re
import sys

import jsonschema

OURS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "config", "eve-pal-schema.json")

# What consumers rely on, whether or not a schema says so.
TYPES = {
    "flow_id": lambda v: type(v) is int and 0 < v < 2**51,
    "pcap_cnt": lambda v: type(v) is int and v > 0,
    "pcap_filename": lambda v: type(v) is str and v != "",
    "in_iface": lambda v: type(v) is str and v != "",
    "src_ip": lambda v: type(v) is str and v != "",
    "dest_ip": lambda v: type(v) is str and v != "",
    "src_port": lambda v: type(v) is int and 0 <= v < 65536,
    "dest_port": lambda v: type(v) is int and 0 <= v < 65536,
    "icmp_type": lambda v: type(v) is int and 0 <= v < 256,
    "icmp_code": lambda v: type(v) is int and 0 <= v < 256,
    "proto": lambda v: type(v) is str and v != "",
    "vlan": lambda v: type(v) is list and v != [] and all(type(x) is int and 0 <= x < 4096 for x in v),
    "community_id": lambda v: type(v) is str and re.fullmatch("1:[A-Za-z0-9+/]{27}=", v),
    "timestamp": lambda v: type(v) is str and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000", v),
}


def load(path):
    with open(path) as f:
        schema = json.load(f)
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    cls.check_schema(schema)
    return cls(schema)


class Validator:
    def __init__(self, suricata=None, skip=()):
        self.ours = load(OURS)
        self.suricata = load(suricata) if suricata else None
        self.skip = set(skip)
        self.validated = 0

    def problems(self, event):
        """What is wrong with a record: sentences."""
        kind = event.get("event_type")
        for key, good in TYPES.items():
            if key in event and not good(event[key]):
                yield "%s is %r" % (key, event[key])
        if type(kind) is not str:
            yield "event_type is %r" % (kind,)
            return
        schema = self.ours if kind.startswith("pal_") else self.suricata
        if schema is None or kind in self.skip:
            return
        self.validated += 1
        for e in schema.iter_errors(event):
            yield "%s: /%s: %s" % (kind, "/".join(map(str, e.absolute_path)), e.message[:300])


def main():
    args = sys.argv[1:]
    suricata, skip = None, []
    while args and args[0] in ("--suricata", "--skip"):
        if args[0] == "--suricata":
            suricata = args[1]
        else:
            skip.append(args[1])
        args = args[2:]
    validator, bad = Validator(suricata, skip), 0
    for path in args:
        with open(path) as f:
            for number, line in enumerate(f, 1):
                for problem in validator.problems(json.loads(line)):
                    bad += 1
                    print("%s:%d: %s" % (path, number, problem))
    print("%d records validated, %d problems" % (validator.validated, bad))
    return 1 if bad or not args else 0


if __name__ == "__main__":
    sys.exit(main())
