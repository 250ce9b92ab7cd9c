#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""SSH of every capture: versions, HASSH and hasshServer that tshark found; the same records with one worker and with
three; all valid by the schemas. And conversations made here, in segments of any size.
"""
import collections
import hashlib
import os
import struct
import sys

import apps
import build
import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
# Captures in which PAL finds more, and why tshark does not.
MORE = {"ssh.pcap": "a second connection, to a port that is not SSH's"}


def of_tshark(entries):
    facts = collections.Counter()
    for entry in entries:
        for key in ("banner", "hassh", "hassh_server"):
            if key in entry:
                # Comments are not in the record.
                facts[(key, entry[key].split(" ")[0])] += 1
    return facts


def of_pal(events):
    facts = collections.Counter()
    for event in events:
        for side, key in (("client", "hassh"), ("server", "hassh_server")):
            half = event["ssh"].get(side)
            if half is None:
                continue
            facts[("banner", "SSH-%s-%s" % (half["proto_version"], half["software_version"]))] += 1
            if "hassh" in half:
                facts[(key, half["hassh"]["hash"])] += 1
                want = hashlib.md5(half["hassh"]["string"].encode(), usedforsecurity=False).hexdigest()
                if half["hassh"]["hash"] != want:
                    facts[("wrong hash", half["hassh"]["hash"])] += 1
    return facts


def without_stats(run):
    return [line for line in run.lines() if b'"event_type":"stats"' not in line and b'"pal_stats"' not in line]


def corpus(t):
    captures = pal.captures()
    names = list(captures)
    runs = pal.at_once(lambda n: pal.run(captures[n], "-p", "ssh"), names)
    others = pal.at_once(lambda n: pal.run(captures[n], "-p", "ssh", "-j", "3"), names)
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if os.path.exists(p)]
    compared = 0
    for name, run, other in zip(names, runs, others):
        if not t.healthy(run, name, (0, 1)) or not t.healthy(other, name, (0, 1)):
            continue
        t.check(without_stats(run) == without_stats(other), "%s: -j 3 has other records" % name)
        events = run.events("ssh")
        for validator in validators:
            problems = [p for e in events for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        expected = pal.expected(name)
        if expected is None:
            continue
        theirs, ours = of_tshark(expected.get("protocols", {}).get("ssh", {}).get("entries", [])), of_pal(events)
        compared += sum(theirs.values())
        t.check(not theirs - ours, "%s: not found: %s" % (name, dict(theirs - ours)))
        t.check(not ours - theirs or name in MORE, "%s: only found here: %s" % (name, dict(ours - theirs)))
    print("%d facts compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")


def packet(kind, body):
    payload = bytes([kind]) + body
    padding = 8 - (len(payload) + 5) % 8 + 4
    return struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)


def kexinit(*lists):
    return packet(20, bytes(16) + b"".join(struct.pack(">I", len(x)) + x for x in lists) + bytes(5))


CLIENT = kexinit(b"k1,k2", b"h", b"c1", b"c2", b"m1", b"m2", b"z1", b"z2", b"", b"")
SERVER = kexinit(b"k3", b"h", b"c3", b"c4", b"m3", b"m4", b"z3", b"z4", b"", b"")


def half(software, text=None, version="2.0"):
    body = {"proto_version": version, "software_version": software}
    if text:
        body["hassh"] = {"hash": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(), "string": text}
    return body


A, B = b"SSH-2.0-a_1 comment\r\n", b"SSH-2.0-b_2\r\n"
CONVERSATIONS = {
    "both": ([(False, A), (True, b"hello\r\n" + B), (False, CLIENT), (True, SERVER + b"more"), (False, b"\xff" * 100)],
             {"client": half("a_1", "k1,k2;c1;m1;z1"), "server": half("b_2", "k3;c4;m4;z4")}, []),
    "new keys first": ([(False, A), (True, B), (False, packet(21, b"")), (True, packet(21, b""))],
                       {"client": half("a_1"), "server": half("b_2")}, []),
    "version 1": ([(True, b"SSH-1.5-old\n"), (False, b"SSH-1.5-x\n")],
                  {"client": half("x", version="1.5"), "server": half("old", version="1.5")}, []),
    "one side": ([(False, A + CLIENT)], {"client": half("a_1", "k1,k2;c1;m1;z1")}, []),
    "malformed": ([(False, A), (True, B), (False, CLIENT[:30] + b"\xff" * 30 + CLIENT[60:]), (True, SERVER)],
                  {"client": half("a_1"), "server": half("b_2")}, ["malformed_data"]),
}


def conversations(t):
    for name, (messages, want, anomalies) in CONVERSATIONS.items():
        for step in apps.STEPS:
            title = "%s, segments of %s" % (name, step)
            run = apps.check(t, title, "ssh", apps.tcp_talk(22, messages, step), [want], "-p", "ssh,flows,anomaly")
            if run:
                t.equal(apps.apps_of(run), ["ssh"], "%s: app_proto" % title)
                t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], anomalies, "%s: anomalies" % title)


def gap(t):
    """What is behind it is not read."""
    c = build.Connection(server=(build.B, 22))
    c.handshake()
    c.client(A)
    c.server(B)
    c.client(CLIENT[:20], lost=True)
    c.client(CLIENT[20:])
    c.server(SERVER)
    c.close()
    run = pal.run(pal.write_file("gap.pcap", c.file()), "-p", "ssh,anomaly")
    if t.healthy(run, "gap"):
        t.equal(apps.bodies(run, "ssh"), [{"client": half("a_1"), "server": half("b_2", "k3;c4;m4;z4")}], "gap")
        t.equal(run.events("anomaly"), [], "gap: anomalies")


def main():
    t = pal.Test()
    corpus(t)
    conversations(t)
    gap(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
