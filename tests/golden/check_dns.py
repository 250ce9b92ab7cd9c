#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records about DNS messages made here: data of every type, both versions, over UDP and in TCP segments of any size."""
import struct
import sys

import apps
import pal


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def question(text, kind):
    return name(text) + struct.pack(">HH", kind, 1)


def rr(kind, rdata, owner=b"\xc0\x0c", ttl=60, rr_class=1):
    return owner + struct.pack(">HHIH", kind, rr_class, ttl, len(rdata)) + rdata


def message(ident, flags, *sections):
    counts = [len(s) for s in sections] + [0] * (4 - len(sections))
    return struct.pack(">HH4H", ident, flags, *counts) + b"".join(b"".join(s) for s in sections)


SOA = name("ns.example") + name("hostmaster.example") + struct.pack(">5I", 1, 2, 3, 4, 5)
SOA_OBJECT = {
    "mname": "ns.example", "rname": "hostmaster.example", "serial": 1, "refresh": 2, "retry": 3, "expire": 4, "minimum": 5}
SRV = struct.pack(">HHH", 1, 2, 443) + name("sv.example")
SRV_OBJECT = {"priority": 1, "weight": 2, "port": 443, "name": "sv.example"}
SSHFP_OBJECT = {"fingerprint": "de:ad", "algo": 4, "type": 2}

# Type, data, what an answer says of it beside rrname, rrtype and ttl in version 2, and in version 3 if that is not the same.
ANSWERS = [
    (1, bytes([192, 0, 2, 1]), {"rdata": "192.0.2.1"}),
    (28, bytes.fromhex("20010db8000000000000000000000001"), {"rdata": "2001:db8::1"}),
    (2, name("ns.example"), {"rdata": "ns.example"}),
    (5, b"\3www\xc0\x0c", {"rdata": "www.a.example"}),
    (12, name("ptr.example"), {"rdata": "ptr.example"}),
    (39, name("d.example"), {"rdata": "d.example"}),
    (15, b"\0\x0a" + name("mx.example"), {"rdata": "mx.example"}),
    (16, b"\3one\4two\"", [{"rdata": "one"}, {"rdata": 'two"'}]),
    (6, SOA, {"rdata": "ns.example hostmaster.example 1 2 3 4 5"}, {"soa": SOA_OBJECT}),
    (33, SRV, {"srv": SRV_OBJECT}),
    (44, b"\4\2\xde\xad", {"rdata": "4 2 dead"}, {"sshfp": SSHFP_OBJECT}),
    (10, b"raw\xff", {"rdata": "raw\ufffd"}),
    (65, b"\0\1\0\0\1\0\3\2h2", {"rdata": "1 . alpn=h2"}),
    (64, b"\0\0" + name("svc.example"), {"rdata": "0 svc.example"}),
    (257, b"\0\5issueca.example", {"rdata": '0 issue "ca.example"'}),
    (43, b"\x09\x43\x0d\x02\x1f\x98", {"rdata": "2371 13 2 1f98"}),
    (48, b"\1\1\3\x0dkey", {"rdata": "257 3 13 a2V5"}),
    (46, b"\0\1\x0d\2\0\0\0\x3c\0\0\0\0\0\0\0\0\0\1" + name("example") + b"sig",
     {"rdata": "A 13 2 60 19700101000000 19700101000000 1 example c2ln"}),
    (47, name("b.example") + b"\0\1\x40", {"rdata": "b.example A"}),
    (50, b"\1\0\0\0\0\1\xff", {"rdata": "1 0 0 - vs"}),
    (51, b"\1\0\0\0\2\xab\xcd", {"rdata": "1 0 0 abcd"}),
    (35, b"\0\1\0\2\1u\7E2U+sip\0" + name("n.example"), {"rdata": '1 2 "u" "E2U+sip" "" n.example'}),
    (52, b"\3\1\1\xbe\xef", {"rdata": "3 1 1 beef"}),
    (4711, b"whatever", {}),
]
NAMES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR",
    39: "DNAME", 43: "DS", 44: "SSHFP", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA",
    64: "SVCB", 65: "HTTPS", 257: "CAA", 4711: "4711"}
OPT = rr(41, b"\0\x0a\0\2\xca\xfe", b"\0", 0x01000000, 1232)  # with the upper bits of BADVERS


def answers(version):
    out = []
    for kind, _, *bodies in ANSWERS:
        body = bodies[-1] if version == 3 else bodies[0]
        for one in body if isinstance(body, list) else [body]:
            out.append({"rrname": "a.example", "rrtype": NAMES[kind], "ttl": 60, **one})
    return out


def grouped(version):
    groups = {
        "A": ["192.0.2.1"], "AAAA": ["2001:db8::1"], "CNAME": ["www.a.example"], "MX": ["mx.example"], "NULL": ["raw\ufffd"],
        "PTR": ["ptr.example"], "SRV": [SRV_OBJECT], "TXT": ["one", 'two"']}
    if version == 3:
        groups.update({"NS": ["ns.example"], "SOA": [SOA_OBJECT], "SSHFP": [SSHFP_OBJECT]})
    return groups


QUERY = message(1, 0x0100, [question("a.example", 255)], [], [], [OPT])
RESPONSE = message(
    1, 0x8580, [question("a.example", 255)], [rr(kind, data) for kind, data, *_ in ANSWERS], [rr(6, SOA)],
    [rr(1, bytes([192, 0, 2, 7])), OPT])
TWO = message(2, 0x0000, [question("a.example", 1), question("", 2)])
REFUSED = message(2, 0x8205, [question("a.example", 1)])
TALK = [(False, QUERY), (True, RESPONSE), (False, TWO), (True, REFUSED)]

AUTHORITY = [{"rrname": "a.example", "rrtype": "SOA", "ttl": 60, "soa": SOA_OBJECT}]
ADDITIONAL_OPT = {"rrname": "", "rrtype": "OPT", "ttl": 0x01000000, "opt": [{"code": 10, "data": "cafe"}]}
WANT = {
    2: [
        {"version": 2, "type": "query", "id": 1, "rrname": "a.example", "rrtype": "ANY", "tx_id": 0, "opcode": 0},
        {"version": 2, "type": "answer", "id": 1, "flags": "8580", "qr": True, "aa": True, "rd": True, "ra": True,
         "opcode": 0, "rrname": "a.example", "rrtype": "ANY", "rcode": "BADVERS", "answers": answers(2),
         "grouped": grouped(2), "authorities": AUTHORITY},
        {"version": 2, "type": "query", "id": 2, "rrname": "a.example", "rrtype": "A", "tx_id": 1, "opcode": 0},
        {"version": 2, "type": "query", "id": 2, "rrname": "", "rrtype": "NS", "tx_id": 2, "opcode": 0},
        {"version": 2, "type": "answer", "id": 2, "flags": "8205", "qr": True, "opcode": 0, "rrname": "a.example",
         "rrtype": "A", "rcode": "REFUSED"},
    ],
    3: [
        {"version": 3, "type": "request", "tx_id": 0, "id": 1, "flags": "100", "rd": True, "opcode": 0,
         "rcode": "BADVERS", "queries": [{"rrname": "a.example", "rrtype": "ANY"}], "additionals": [ADDITIONAL_OPT]},
        {"version": 3, "type": "response", "tx_id": 1, "id": 1, "flags": "8580", "qr": True, "aa": True, "rd": True,
         "ra": True, "opcode": 0, "rcode": "BADVERS", "queries": [{"rrname": "a.example", "rrtype": "ANY"}],
         "answers": answers(3), "grouped": grouped(3), "authorities": AUTHORITY,
         "additionals": [{"rrname": "a.example", "rrtype": "A", "ttl": 60, "rdata": "192.0.2.7"}, ADDITIONAL_OPT]},
        {"version": 3, "type": "request", "tx_id": 2, "id": 2, "flags": "0", "opcode": 0, "rcode": "NOERROR",
         "queries": [{"rrname": "a.example", "rrtype": "A"}, {"rrname": "", "rrtype": "NS"}]},
        {"version": 3, "type": "response", "tx_id": 3, "id": 2, "flags": "8205", "qr": True, "tc": True, "opcode": 0,
         "rcode": "REFUSED", "queries": [{"rrname": "a.example", "rrtype": "A"}]},
    ],
}


def over_tcp(data):
    return struct.pack(">H", len(data)) + data


def main():
    t = pal.Test()
    for version, want in WANT.items():
        args = ("-p", "dns,flows,anomaly", "--set", "plugin.dns.version=%d" % version)
        apps.check(t, "UDP, version %d" % version, "dns", apps.udp_talk(53, TALK), want, *args)
        framed = [(who, over_tcp(data)) for who, data in TALK]
        for step in apps.STEPS:
            run = apps.check(
                t, "TCP, version %d, segments of %s" % (version, step), "dns", apps.tcp_talk(53, framed, step), want, *args)
            if run:
                t.equal(apps.apps_of(run), ["dns"], "app_proto")
                t.equal(run.events("anomaly"), [], "anomalies")
    want = [{k: v for k, v in body.items() if k not in ("answers", "grouped")} for body in WANT[2]]
    apps.check(
        t, "neither list", "dns", apps.udp_talk(53, TALK), want, "-p", "dns", "--set", "plugin.dns.detailed=no", "--set",
        "plugin.dns.grouped=no")

    # The rest of a damaged message is not read, and it is said once.
    damaged = [(False, over_tcp(QUERY)), (True, over_tcp(RESPONSE[:-3])), (True, over_tcp(REFUSED)), (False, over_tcp(TWO))]
    for step in apps.STEPS:
        run = pal.run(pal.write_file("damaged.pcap", apps.tcp_talk(53, damaged, step)), "-p", "dns,anomaly")
        if t.healthy(run, "damaged"):
            t.equal([b["type"] for b in apps.bodies(run, "dns")], ["query", "answer", "query", "query"], "damaged: records")
            said = [e["anomaly"]["event"] for e in run.events("anomaly")]
            t.equal(said, ["malformed_data"], "damaged, segments of %s" % step)
    run = pal.run([], "--set", "plugin.dns.version=4", "-p", "dns", "-r", pal.write_file("x.pcap", apps.udp_talk(53, TALK)))
    t.check(run.code not in (0, 1) and b"must be 2 or 3" in run.stderr, "version 4: %d %s" % (run.code, run.stderr))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
