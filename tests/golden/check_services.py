#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""DHCP, DHCPv6, IKE, NetBIOS names, NTP and OSPF of every capture that has some: the messages that tshark found, in the
same frames, with the same fields; as many flows of what is only recognised; the same records with one worker and with
three; all valid by the schemas.
"""
import collections
import os
import re
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

PLUGINS = "dhcp,ike,netbios,ntp,ospf,flows,anomaly"
SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
# tshark counts custom blocks of pcapng as frames.
OTHER_NUMBERS = ("test102-be.pcapng", "test202-le.pcapng")
# Frames where tshark sees something else, and why.
EXPLAINED = {
    ("ipv4-fragmented-1.pcap", 3): "no version: NTP by its port alone",
}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


# What both know of a message. tshark's fields are strings; one that it has several times is a list.

DHCP_TYPES = (
    None, "discover", "offer", "request", "decline", "ack", "nak", "release", "inform")
DHCPV6_TYPES = (
    None, "solicit", "advertise", "request", "confirm", "renew", "rebind", "reply", "release", "decline", "reconfigure",
    "information_request", "relay_forw", "relay_repl", "leasequery")


def dhcp_of_tshark(e):
    kind = e.get("type")
    mac = as_list(e.get("mac"))
    return (int(e["xid"], 16), DHCP_TYPES[int(kind)] if kind else None, e["your_ip"], mac[0] if mac else None,
            e.get("hostname"))


def dhcp_of_pal(body):
    return (body["id"], body.get("dhcp_type"), body["assigned_ip"], body["client_mac"], body.get("hostname"))


def dhcpv6_of_tshark(e):
    return [DHCPV6_TYPES[int(t)] for t in as_list(e["type"])], int(e["xid"], 16)


def dhcpv6_of_pal(body):
    return [r["type"] for r in body.get("relays", [])] + [body["type"]], body["id"]


def ike_of_tshark(e):
    return [e["version"], int(e["exchange"]), e["ispi"], e["rspi"], int(e["message_id"], 16)]


def ike_of_pal(body):
    return ["0x%d%d" % (body["version_major"], body["version_minor"]), body["exchange_type"], body["init_spi"],
            body["resp_spi"], body["message_id"]]


def nbns_of_tshark(e):
    # Bytes that are not printed stand as <01>, as the suffix does, which is explained where tshark knows it.
    name = re.sub("<([0-9a-f]{2})>", lambda m: chr(int(m[1], 16)), as_list(e["name"])[0].split(" (")[0])
    return name[:-1].rstrip("\0"), ord(name[-1]), int(as_list(e["type"])[0]), e["response"] == "1"


def nbns_of_pal(body):
    return body.get("name"), int(body.get("name_suffix", "0"), 16), body["rrtype"], body["type"] == "response"


def ntp_of_tshark(e):
    return [int(e[k]) for k in ("version", "mode", "stratum")], e.get("refid")


def ntp_of_pal(body):
    return [body[k] for k in ("version", "mode", "stratum")], body["reference_id"].replace(":", "")


OSPF_TYPES = (
    None, "hello", "database_description", "link_state_request", "link_state_update", "link_state_ack")


def ospf_of_tshark(e):
    return int(e["version"]), OSPF_TYPES[int(e["type"])], e["router"], e["area"]


def ospf_of_pal(body):
    return body["version"], body["type"], body["router"], body["area"]


# tshark's protocol, our event type, key of the record's body
FACTS = (
    ("dhcp", "dhcp", "dhcp", dhcp_of_tshark, dhcp_of_pal),
    ("dhcpv6", "pal_dhcpv6", "pal", dhcpv6_of_tshark, dhcpv6_of_pal),
    ("isakmp", "ike", "ike", ike_of_tshark, ike_of_pal),
    ("nbns", "pal_netbios", "pal", nbns_of_tshark, nbns_of_pal),
    ("ntp", "pal_ntp", "pal", ntp_of_tshark, ntp_of_pal),
    ("ospf", "pal_ospf", "pal", ospf_of_tshark, ospf_of_pal),
)


def compare(t, name, protocols, events):
    """How many frames were compared, by protocol."""
    compared = collections.Counter()
    # tshark reads on in datagrams that ICMP errors quote.
    quoted = {e["frame"] for p in ("icmp", "icmpv6") for e in protocols.get(p, {}).get("entries", [])}
    for protocol, kind, key, of_tshark, of_pal in FACTS:
        entries = protocols.get(protocol, {}).get("entries", [])
        theirs = {e["frame"]: of_tshark(e) for e in entries if e["frame"] not in quoted}
        ours = {e["pcap_cnt"]: of_pal(e[key]) for e in events
                if e["event_type"] == kind and e[key].get("type") != "session"}
        compared[protocol] += len(theirs)
        for frame in sorted(theirs.keys() | ours.keys()):
            t.check((theirs.get(frame) == ours.get(frame)) != ((name, frame) in EXPLAINED), "%s: frame %d: %s: tshark %s, PAL %s" % (
                name, frame, protocol, theirs.get(frame), ours.get(frame)))
    return compared


# Only recognised: tshark's protocol (its streams are counted), our app_proto.
RECOGNISED = {p: p for p in ("bgp", "modbus", "mqtt", "openvpn", "rdp", "sip", "socks", "stun", "wireguard")}
# Where the counts of flows differ, and why.
EXPLAINED_FLOWS = {
    ("arkime_synthetic.pcap", "rdp"): "two of tshark's three are S7, which shares X.224 with it",
}


def count_flows(t, name, protocols, events):
    """How many flows of each protocol that is only recognised."""
    ours = collections.Counter(e.get("app_proto") for e in events if e["event_type"] == "flow")
    for protocol, app in RECOGNISED.items():
        entries = protocols.get(protocol, {}).get("entries", [])
        theirs = len({(e.get("tcp_stream"), e.get("udp_stream")) for e in entries})
        t.check((theirs == ours[app]) != ((name, protocol) in EXPLAINED_FLOWS), "%s: %s: %d flows by tshark, %d by PAL" % (
            name, protocol, theirs, ours[app]))


def is_of_interest(name):
    expected = pal.expected(name)
    return expected is None or not {*RECOGNISED, *(f[0] for f in FACTS)}.isdisjoint(expected.get("protocols", {}))


def without_stats(run):
    return [line for line in run.lines() if b'"event_type":"stats"' not in line and b'"pal_stats"' not in line]


def main():
    t = pal.Test()
    captures = pal.captures()
    names = [n for n in captures if is_of_interest(n)]
    runs = pal.at_once(lambda n: pal.run(captures[n], "-p", PLUGINS), names)
    others = pal.at_once(lambda n: pal.run(captures[n], "-p", PLUGINS, "-j", "3"), names)
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if os.path.exists(p)] or [validate.Validator()]
    compared = collections.Counter()
    for name, run, other in zip(names, runs, others):
        if not t.healthy(run, name, (0, 1)) or not t.healthy(other, name, (0, 1)):
            continue
        t.check(without_stats(run) == without_stats(other), "%s: -j 3 has other records" % name)
        events = run.events()
        for validator in validators:
            problems = [p for e in events if "stats" not in e["event_type"] for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        expected = pal.expected(name)
        if expected is not None and name not in OTHER_NUMBERS and b"not a capture file" not in run.stderr:
            compared += compare(t, name, expected.get("protocols", {}), events)
            count_flows(t, name, expected.get("protocols", {}), events)
    print("frames compared: %s" % dict(compared))
    t.check(len(+compared) == len(FACTS) or not pal.have_corpus(), "not all protocols were compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
