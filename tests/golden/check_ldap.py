#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""LDAP: records about exchanges made here, over UDP and in TCP segments of any size; and of the corpus, the operations
that tshark found."""
import collections
import os
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

# The schema of Suricata 7 has no ldap.
SCHEMA = "eve-schema-8.0.6.json"
# Operations that tshark has and PAL has not.
EXPLAINED = {"emix.pcap": (38, "in layers of SASL, signed or encrypted, which are not looked into")}


def message(number, op, *parts):
    return tlv(0x30, integer(number), tlv(op, *parts))


def result(number, op, code, *more, dn="", said=""):
    return message(number, op, tlv(10, bytes([code])), text(dn), text(said), *more)


def attribute(name, *values):
    return tlv(0x30, text(name), tlv(0x31, *(text(v) for v in values)))


SEARCH = message(
    2, 0x63, text("dc=x"), integer(2, 10), integer(0, 10), integer(0), integer(30), tlv(1, b"\0"), text("objectClass", 0x87),
    tlv(0x30, text("cn"), text("sn")))
ENTRY = message(2, 0x64, text("cn=a,dc=x"), tlv(0x30, attribute("cn", "a"), attribute("sn", "b", b"\xff")))
LONG = message(2, 0x64, text("cn=long,dc=x"), tlv(0x30, attribute("cn", "x" * 3000)))
TALK = [
    (False, message(1, 0x60, integer(3), text("cn=me"), text("secret", 0x80))),
    (True, result(1, 0x61, 49, said="no")),
    (False, message(1, 0x60, integer(3), text(""), tlv(0xA3, text("GSSAPI"), text(b"\1\2")))),
    (True, result(1, 0x61, 14, text(b"\3", 0x87))),
    (False, SEARCH + message(3, 0x6E, text("cn=a"), tlv(0x30, text("sn"), text("v")))),
    (True, ENTRY + result(3, 0x6F, 5) + LONG + result(2, 0x65, 0)),
    (False, message(4, 0x66, text("cn=a"), tlv(0x30, tlv(0x30, integer(2, 10), attribute("sn", "c"))))),
    (True, result(4, 0x67, 50, dn="dc=x")),
    (False, message(5, 0x68, text("cn=new"), tlv(0x30, attribute("cn", "new")))),
    (True, result(5, 0x69, 68)),
    (False, message(6, 0x6C, text("cn=a"), text("cn=b"), tlv(1, b"\xff"), text("dc=y", 0x80))),
    (True, result(6, 0x6D, 0)),
    (False, message(7, 0x4A, b"cn=gone")),
    (True, result(7, 0x6B, 0)),
    (False, message(8, 0x50, b"\2") + message(9, 0x77, text("1.2.3", 0x80), text("q", 0x81))),
    (True, message(9, 0x79, text("i", 0x80), text("half", 0x81)) + result(9, 0x78, 0, text("1.2.3", 0x8A), text("r", 0x8B))),
    (True, result(99, 0x65, 123)),
    (False, SEARCH.replace(b"\2\1\2", b"\2\1\x0a", 1)),  # never answered
    (False, message(11, 0x42)),
]


def ok(op, code="success", dn="", said="", **more):
    return {"operation": op, op: {"result_code": code, "matched_dn": dn, "message": said, **more}}


def request(number, operation, **more):
    body = {"message_id": number, "operation": operation}
    return {**body, operation: more} if more else body


def search(number):
    return request(
        number, "search_request", base_object="dc=x", scope=2, deref_alias=0, size_limit=0, time_limit=30, types_only=False,
        attributes=["cn", "sn"])


def entry(name, *attributes):
    return {"operation": "search_result_entry", "search_result_entry": {
        "base_object": name, "attributes": [{"type": t, "values": list(v)} for t, *v in attributes]}}


COMPARE = {
    "request": request(3, "compare_request", entry="cn=a", attribute_value_assertion={"description": "sn", "value": "v"}),
    "responses": [ok("compare_response", "compare_false")]}
FOUND = {
    "request": search(2),
    "responses": [entry("cn=a,dc=x", ["cn", "a"], ["sn", "b", "\ufffd"]), entry("cn=long,dc=x", ["cn", "x" * 3000]),
                  ok("search_result_done")]}
WANT = [
    {"request": request(1, "bind_request", version=3, name="cn=me"),
     "responses": [ok("bind_response", "invalid_credentials", said="no")]},
    {"request": request(1, "bind_request", version=3, name="", sasl={"mechanism": "GSSAPI", "credentials": "0102"}),
     "responses": [ok("bind_response", "sasl_bind_in_progress", server_sasl_creds="03")]},
    COMPARE,
    FOUND,
    {"request": request(4, "modify_request", object="cn=a", changes=[
        {"operation": "replace", "modification": {"attribute_type": "sn", "attribute_values": ["c"]}}]),
     "responses": [ok("modify_response", "insufficient_access_rights", dn="dc=x")]},
    {"request": request(5, "add_request", entry="cn=new", attributes=[{"name": "cn", "values": ["new"]}]),
     "responses": [ok("add_response", "entry_already_exists")]},
    {"request": request(6, "mod_dn_request", entry="cn=a", new_rdn="cn=b", delete_old_rdn=True, new_superior="dc=y"),
     "responses": [ok("mod_dn_response")]},
    {"request": request(7, "del_request", dn="cn=gone"), "responses": [ok("del_response")]},
    {"request": {"message_id": 8, "operation": "abandon_request", "abandon_request": {"message_id": 2}}},
    {"request": request(9, "extended_request", name="1.2.3", value="q"),
     "responses": [{"operation": "intermediate_response", "intermediate_response": {"name": "i", "value": "half"}},
                   ok("extended_response", name="1.2.3", value="r")]},
    {"responses": [{"message_id": 99, **ok("search_result_done", "authorization_denied")}]},
    {"request": search(10)},
    {"request": request(11, "unbind_request")},
]


def check_talks(t):
    run = apps.check(t, "UDP", "ldap", apps.udp_talk(389, TALK), WANT, "-p", "ldap,flows,anomaly")
    for step in apps.STEPS:
        name = "TCP, segments of %s" % step
        run = apps.check(t, name, "ldap", apps.tcp_talk(50389, TALK, step), WANT, "-p", "ldap,flows,anomaly")
        if run:
            t.equal(apps.apps_of(run), ["ldap"], "%s: app_proto" % name)
            t.equal(run.events("anomaly"), [], "%s: anomalies" % name)
    # After STARTTLS, and in layers of SASL, nobody's fault; where it is no message, said once.
    start_tls = message(1, 0x77, text("1.3.6.1.4.1.1466.20037", 0x80))
    for name, rest, said in (
            ("TLS", [(False, start_tls), (True, result(1, 0x78, 0)), (False, b"\x16\3\1\0\5hello")], []),
            ("SASL", [(False, b"\0\0\0\5token")], []),
            ("damage", [(False, b"\x30\5\2\1\1\x7fx"), (False, SEARCH)], ["malformed_data"])):
        for step in apps.STEPS:
            capture = apps.tcp_talk(389, TALK[:2] + rest, step)
            run = pal.run(pal.write_file("talk.pcap", capture), "-p", "ldap,anomaly")
            if t.healthy(run, name):
                t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], said, "%s, segments of %s" % (name, step))
                t.equal(len(run.events("ldap")), 2 if name == "TLS" else 1, "%s: records" % name)


def operations(events):
    """(message id, operation) of requests and responses over TCP."""
    found = collections.Counter()
    for event in events:
        if event["proto"] != "TCP":
            continue
        body = event["ldap"]
        number = body["request"]["message_id"] if "request" in body else None
        if number is not None:
            found[number, body["request"]["operation"]] += 1
        for response in body.get("responses", []):
            found[response.get("message_id", number), response["operation"]] += 1
    return found


OPERATIONS = {
    0: "bind_request", 1: "bind_response", 2: "unbind_request", 3: "search_request", 4: "search_result_entry",
    5: "search_result_done", 6: "modify_request", 7: "modify_response", 19: "search_result_reference"}


def of_tshark(entries):
    found = collections.Counter()
    for e in entries:
        numbers, codes = ([x] if isinstance(x, str) else x or [] for x in (e.get("id"), e.get("operation")))
        found.update((int(n), OPERATIONS[int(c)]) for n, c in zip(numbers, codes))
    return found


def main():
    t = pal.Test()
    check_talks(t)
    captures = pal.captures()
    path = os.path.join(pal.SCHEMAS, SCHEMA)
    validator = validate.Validator(path, ("stats",)) if os.path.exists(path) else None
    names = [n for n in captures if (pal.expected(n) or {}).get("protocols", {}).get("ldap")]
    compared = 0
    for name, run in zip(names, pal.at_once(lambda n: pal.run(captures[n], "-p", "ldap"), names)):
        if not t.healthy(run, name, (0, 1)):
            continue
        events = run.events("ldap")
        problems = [p for e in events for p in validator.problems(e)] if validator else []
        t.check(not problems, "%s: %s" % (name, problems[:3]))
        theirs, ours = of_tshark(pal.expected(name)["protocols"]["ldap"]["entries"]), operations(events)
        compared += sum(theirs.values())
        missing = theirs - ours
        t.check(not ours - theirs, "%s: tshark has no %s" % (name, dict(ours - theirs)))
        t.equal(sum(missing.values()), EXPLAINED.get(name, (0, ""))[0], "%s: missing" % name)
    print("%d operations compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
