#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kerberos: records about messages made here, over UDP and in TCP segments of any size; and of the corpus, the replies
and errors that tshark found, in the same frames, with the same names.
"""
import os
import re
import struct
import sys

import apps
import pal
from apps import integer, text, tlv

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
TYPES = {"11": "KRB_AS_REP", "13": "KRB_TGS_REP", "30": "KRB_ERROR"}
# Frames where tshark sees something else, and why.
EXPLAINED = {
    ("arkime_synthetic.pcap", 559): "an error without the time that it must have: tshark stops there, PAL reads on",
}


def field(n, *parts):
    return tlv(0xA0 | n, *parts)


def name(n, *parts):
    return field(n, tlv(0x30, field(0, integer(1)), field(1, tlv(0x30, *(text(p, 0x1B) for p in parts)))))


def realm(n):
    return field(n, text("EXAMPLE", 0x1B))


def encrypted(n, etype):
    return field(n, tlv(0x30, field(0, integer(etype)), field(2, text(b"secret" * 30))))


def message(kind, first, *fields):
    return tlv(0x60 | kind, tlv(0x30, field(first, integer(5)), field(first + 1, integer(kind)), *fields))


def request(kind, *service):
    body = tlv(0x30, field(0, tlv(3, b"\0\0\0\0\0")), name(1, "user", "admin"), realm(2), name(3, *service))
    return message(kind, 1, field(3, tlv(0x30)), field(4, body))


def reply(kind, etype, ticket_etype, *service):
    ticket = tlv(0x61, tlv(0x30, field(0, integer(5)), realm(1), name(2, *service), encrypted(3, ticket_etype)))
    return message(kind, 0, realm(3), name(4, "user", "admin"), field(5, ticket), encrypted(6, etype))


def error(code, *service):
    return message(
        30, 0, field(4, text("20200101000000Z", 0x18)), field(5, integer(1)), field(6, integer(code)), realm(9),
        name(10, *service))


TALK = [
    (True, error(25, "krbtgt", "EXAMPLE")),
    (False, request(10, "krbtgt", "EXAMPLE")),
    (True, error(25, "krbtgt", "EXAMPLE")),
    (False, request(10, "krbtgt", "EXAMPLE")),
    (True, reply(11, 18, 23, "krbtgt", "EXAMPLE")),
    (False, request(12, "cifs", "host")),
    (True, reply(13, 99, 17, "cifs", "host")),
    (False, request(12, "http", "host")),
    (False, request(12, "ldap", "host")),
    (True, error(200, "ldap", "host")),
    (False, request(10, "last")),
]


def who(service, cname="user/admin", encryption="<none>", weak=False):
    return {
        "cname": cname, "realm": "EXAMPLE", "sname": service, "encryption": encryption, "weak_encryption": weak}


def failed(kind, code, service):
    return {"msg_type": "KRB_ERROR", "failed_request": kind, "error_code": code, **who(service, "<empty>")}


WANT = [
    failed("UNKNOWN", "KDC_ERR_PREAUTH_REQUIRED", "krbtgt/EXAMPLE"),
    failed("KRB_AS_REQ", "KDC_ERR_PREAUTH_REQUIRED", "krbtgt/EXAMPLE"),
    {"msg_type": "KRB_AS_REP", **who("krbtgt/EXAMPLE", encryption="aes256-cts-hmac-sha1-96"),
     "ticket_encryption": "rc4-hmac", "ticket_weak_encryption": True},
    {"msg_type": "KRB_TGS_REP", **who("cifs/host", encryption="99", weak=True),
     "ticket_encryption": "aes128-cts-hmac-sha1-96", "ticket_weak_encryption": False},
    {"msg_type": "KRB_TGS_REQ", **who("http/host")},
    failed("KRB_TGS_REQ", "200", "ldap/host"),
    {"msg_type": "KRB_AS_REQ", **who("last")},
]


def over_tcp(data):
    return struct.pack(">I", len(data)) + data


def check_talks(t):
    args = ("-p", "krb5,flows,anomaly")
    apps.check(t, "UDP", "krb5", apps.udp_talk(88, TALK), WANT, *args)
    framed = [(who_, over_tcp(data)) for who_, data in TALK]
    for step in apps.STEPS:
        name_ = "TCP, segments of %s" % step
        run = apps.check(t, name_, "krb5", apps.tcp_talk(50088, framed, step), WANT, *args)
        if run:
            t.equal(apps.apps_of(run), ["krb5"], "%s: app_proto" % name_)
            t.equal(run.events("anomaly"), [], "%s: anomalies" % name_)
        damaged = framed[:3] + [(True, over_tcp(b"\x6a\0")), (True, framed[4][1]), (False, framed[-1][1])]
        run = pal.run(pal.write_file("damaged.pcap", apps.tcp_talk(88, damaged, step)), "-p", "krb5,anomaly")
        if t.healthy(run, "damaged"):
            t.equal(apps.bodies(run, "krb5"), WANT[:2] + WANT[-1:], "damaged")
            t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], ["malformed_data"], "damaged: anomalies")


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def of_tshark(entries):
    """Frame -> type, sname, error of a reply. Of frames with one message: tshark's lists run together."""
    with open(os.path.join(pal.TREE, "lib", "proto", "krb5_names.def")) as f:
        errors = dict(re.findall(r'^PAL_KRB5_ERROR\((\d+), "(\w+)"\)', f.read(), re.M))
    facts = {}
    for e in entries:
        kind = as_list(e.get("type"))
        if len(kind) == 1 and kind[0] in TYPES and (e.get("sname") or kind == ["30"]):
            error_name = [errors.get(code, code) for code in as_list(e.get("error"))]
            facts[e["frame"]] = (TYPES[kind[0]], "/".join(as_list(e.get("sname"))) or "<empty>", error_name)
    return facts


def of_pal(events):
    facts = {}
    for e in events:
        body = e["krb5"]
        if body["msg_type"] in TYPES.values():
            facts[e["pcap_cnt"]] = (body["msg_type"], body["sname"], as_list(body.get("error_code")))
    return facts


def check_corpus(t):
    captures = pal.captures()
    validators = [validate.Validator(p, ("stats",)) for p in (os.path.join(pal.SCHEMAS, s) for s in SCHEMAS)
                  if os.path.exists(p)]
    names = [n for n in captures if (pal.expected(n) or {}).get("protocols", {}).get("kerberos")]
    compared = 0
    for capture, run in zip(names, pal.at_once(lambda n: pal.run(captures[n], "-p", "krb5"), names)):
        if not t.healthy(run, capture, (0, 1)):
            continue
        events = run.events("krb5")
        for validator in validators:
            problems = [p for e in events for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (capture, problems[:3]))
        theirs = of_tshark(pal.expected(capture)["protocols"]["kerberos"]["entries"])
        ours = of_pal(events)
        compared += len(theirs)
        for frame in sorted(theirs.keys() | ours.keys()):
            t.check((ours.get(frame) == theirs.get(frame)) != ((capture, frame) in EXPLAINED),
                    "%s: frame %d: tshark %s, PAL %s" % (capture, frame, theirs.get(frame), ours.get(frame)))
    print("%d replies compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")


def main():
    t = pal.Test()
    check_talks(t)
    check_corpus(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
