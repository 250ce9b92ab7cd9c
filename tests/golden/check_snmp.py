#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""SNMP: records about messages made here; and of the corpus, the messages that tshark found. RADIUS: the flows that
tshark found.
"""
import os
import sys

import apps
import build
import pal
from apps import integer, text, tlv

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

# The schema of Suricata 7 has no place for traps of version 1.
SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
# Streams of RADIUS that PAL does not take for it, and why.
EXPLAINED = {("arkime_synthetic.pcap", 34): "its second attribute is longer than the datagram"}
PDUS = [
    "get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request", "inform_request", "trap_v2",
    "report"]


def variables(*oids):
    return tlv(0x30, *(tlv(0x30, tlv(6, oid), tlv(5)) for oid in oids))


SYS = b"\x2b\6\1\2\1\1\1"
BIG = b"\x2b\6\1\4\1\x8f\xff\xff\xff\x7f"


def pdu(kind, *oids):
    return tlv(0xA0 | kind, integer(7), integer(0), integer(0), variables(*oids))


def community(version, body):
    return tlv(0x30, integer(version), text("public"), body)


def v3(flags, data, model=3):
    user = tlv(0x30, text("engine"), integer(1), integer(2), text("user"), text(b"x" * 12), text(b"y" * 8))
    header = tlv(0x30, integer(1), integer(1500), text(bytes([flags])), integer(model))
    return tlv(0x30, integer(3), header, text(user), data)


TRAP = tlv(
    0xA4, tlv(6, BIG), tlv(0x40, bytes([192, 0, 2, 1])), integer(6), integer(1), tlv(0x43, b"\x64"), variables(SYS, SYS))
TALK = [(False, community(1, pdu(1, SYS))), (True, community(1, pdu(2, SYS, BIG))), (False, community(0, pdu(3))),
        (False, community(0, TRAP)), (False, v3(4, tlv(0x30, text("c"), text(""), pdu(8, SYS)))),
        (False, v3(7, text(b"\x9a\xbc"))), (False, v3(4, tlv(0x30, text("c"), text(""), pdu(0)), 99))]
WANT = [
    {"version": 2, "pdu_type": "get_next_request", "vars": ["1.3.6.1.2.1.1.1"], "community": "public"},
    {"version": 2, "pdu_type": "response", "vars": ["1.3.6.1.2.1.1.1", "1.3.6.1.4.1.4294967295"], "community": "public"},
    {"version": 1, "pdu_type": "set_request", "community": "public"},
    {"version": 1, "pdu_type": "trap_v1", "trap_type": "enterpriseSpecific", "trap_oid": "1.3.6.1.4.1.4294967295",
     "trap_address": "192.0.2.1", "vars": ["1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.1"], "community": "public"},
    {"version": 3, "pdu_type": "report", "vars": ["1.3.6.1.2.1.1.1"], "usm": "user"},
    {"version": 3, "pdu_type": "encrypted", "usm": "user"},
    {"version": 3, "pdu_type": "get_request"},
]


def check_talks(t):
    run = apps.check(t, "SNMP", "snmp", apps.udp_talk(50161, TALK), WANT, "-p", "snmp,flows,anomaly")
    if run:
        t.equal(apps.apps_of(run), ["snmp"], "app_proto")
        t.equal(run.events("anomaly"), [], "anomalies")
    damaged = [TALK[0], (True, TALK[1][1][:-1]), TALK[2]]
    run = pal.run(pal.write_file("damaged.pcap", apps.udp_talk(161, damaged)), "-p", "snmp,anomaly")
    if t.healthy(run, "damaged"):
        t.equal(apps.bodies(run, "snmp"), [WANT[0], WANT[2]], "damaged")
        t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], ["malformed_data"], "damaged: anomalies")
    # Cut by the capture: nobody's fault.
    frame = build.ethernet(build.ipv4(build.A, build.B, build.UDP, build.udp(40000, 161, TALK[0][1])))
    cut = build.pcap([(0, frame), (1, frame[:-4], len(frame))])
    run = pal.run(pal.write_file("cut.pcap", cut), "-p", "snmp,anomaly")
    if t.healthy(run, "cut"):
        t.equal((len(run.events("snmp")), run.events("anomaly")), (1, []), "cut")


def of_tshark(entries):
    return {e["frame"]: (int(e["version"]) + (e["version"] != "3"), PDUS[int(e["pdu"])], e.get("community"))
            for e in entries if "pdu" in e}


def check_corpus(t):
    captures = pal.captures()
    validators = [validate.Validator(p, ("stats",)) for p in (os.path.join(pal.SCHEMAS, s) for s in SCHEMAS)
                  if os.path.exists(p)]
    protocols = {n: (pal.expected(n) or {}).get("protocols", {}) for n in captures}
    names = [n for n in captures if "snmp" in protocols[n] or "radius" in protocols[n]]
    compared = 0
    for name, run in zip(names, pal.at_once(lambda n: pal.run(captures[n], "-p", "snmp,flows"), names)):
        if not t.healthy(run, name, (0, 1)):
            continue
        for validator in validators:
            problems = [p for e in run.events("snmp") for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        ours = {e["pcap_cnt"]: (e["snmp"]["version"], e["snmp"]["pdu_type"], e["snmp"].get("community"))
                for e in run.events("snmp")}
        theirs = of_tshark(protocols[name].get("snmp", {}).get("entries", []))
        t.equal(ours, theirs, "%s: SNMP" % name)
        streams = {e["udp_stream"] for e in protocols[name].get("radius", {}).get("entries", [])}
        streams = {s for s in streams if (name, s) not in EXPLAINED}
        flows = [f for f in run.flows() if f.get("app_proto") == "radius"]
        t.equal(len(flows), len(streams), "%s: flows of RADIUS" % name)
        compared += len(theirs) + len(streams)
    print("%d facts compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")


def main():
    t = pal.Test()
    check_talks(t)
    check_corpus(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
