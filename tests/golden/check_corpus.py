#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every capture of the corpus: exit code, packets and bytes, the books, conversations and Community IDs.

Compared with two independent sources: what other tools found (corpus/expected, see its README) and model.py, which
reads each frame slowly. Where the tools look into tunnels and fragments and the program does not yet, the model says so
frame by frame; there is no list of files to excuse but REASONS.
"""
import collections
import ipaddress
import sys

import model
import pal

# Captures whose difference has a cause that no rule below covers.
REASONS = {
    "dsa.pcap": "tshark 4.0 does not know its link type, capinfos gives up; the structure has the numbers",
}
# Link layers, as tshark names them.
READ_LINKS = {"eth", "ethertype", "vlan", "sll", "sll2", "null", "raw", "llc"}
# expected/ lists so many Community IDs and UDP streams at most.
MAX_LISTED_IDS, MAX_LISTED_UDP = 600, 400


def add(table, key, packets, size):
    table[key][0] += packets
    table[key][1] += size


def counts():
    return collections.defaultdict(lambda: [0, 0])


class Modelled:
    """What model.py makes of a capture."""

    def __init__(self, capture):
        self.flows = counts()  # (Community ID, VLANs) -> packets, bytes
        self.frames = {}  # number -> Outer or None
        for number, (linktype, data, wire) in enumerate(capture.packets(), 1):
            outer = self.frames[number] = model.outer(linktype, data)
            if outer is not None:
                add(self.flows, (outer.community_id, outer.vlans), 1, wire)

    def has_fragments(self):
        return any(o.fragment for o in self.frames.values() if o)


def found_flows(flows):
    table = counts()
    for e in flows:
        f = e["flow"]
        key = (e["community_id"], tuple(e.get("vlan", ())))
        add(table, key, f["pkts_toserver"] + f["pkts_toclient"], f["bytes_toserver"] + f["bytes_toclient"])
    return table


def check_code(t, name, want, run):
    structure = want.get("structure") or {}
    refused = not structure or structure.get("version", "2.4").split(".")[0] == "1"
    damaged = refused or "end" in structure
    return t.healthy(run, name, (1,) if damaged else (0,)), refused


def check_numbers(t, name, want, stats, ledger, refused):
    """Packets and bytes are those of capinfos; of the small reader where capinfos gives up."""
    truth = want["capinfos"]
    packets, size = truth.get("packets"), truth.get("data_size")
    if refused:
        packets = size = 0
    elif packets is None:
        t.check(name in REASONS, "%s: capinfos says nothing, and there is no reason listed" % name)
        packets, size = want["structure"]["records"], want["structure"]["wire_bytes"]
    t.equal(ledger["in"], {"pkts": packets, "bytes": size}, "%s: ledger" % name)
    t.equal(stats["capture"], {"kernel_packets": packets, "kernel_drops": 0}, "%s: capture" % name)
    t.equal((stats["decoder"]["pkts"], stats["decoder"]["bytes"]), (packets, size), "%s: decoder" % name)


def check_ids(t, name, want, found, modelled):
    """Every Community ID that tshark gives an outermost, unfragmented flow is there, with as many packets."""
    by_id = collections.Counter()
    for (cid, _), (packets, _) in found.items():
        by_id[cid] += packets
    listed = want.get("community_id", {})
    opaque = opaque_ids(want, modelled)
    unread = unread_links(want)
    explained = 0
    for cid, truth in listed.items():
        ours, theirs = by_id.get(cid, 0), truth["packets"]
        if ours == theirs:
            t.checks += 1
            continue
        explained += 1
        outer = modelled.frames.get(truth["first_frame"])
        if cid in opaque:
            continue
        if outer is not None and outer.community_id == cid:
            t.check(unread and ours < theirs, "%s: %s: %d packets, not %d" % (name, cid, ours, theirs))
        else:
            t.check(reason(want, outer), "%s: %s: %d packets, not %d" % (name, cid, ours, theirs))
    if len(listed) < MAX_LISTED_IDS and not tunnels(want) and not modelled.has_fragments():
        extra = set(by_id) - set(listed)
        t.check(not extra, "%s: Community IDs that tshark does not have: %s" % (name, sorted(extra)[:5]))
    return len(listed), explained


def layers(chain):
    """Layers of a protocol chain up to what an ICMP error quotes."""
    out = []
    for layer in chain.split(":"):
        out.append(layer)
        if layer in ("icmp", "icmpv6"):
            break
    return out


def unread_links(want):
    """Chains whose link layer the program does not read yet."""
    chains = [layers(c) for c in want.get("protocol_chains", {})]
    ip = [(c, [i for i, n in enumerate(c) if n in ("ip", "ipv6")]) for c in chains]
    return [":".join(c) for c, at in ip if at and not set(c[: at[0]]) <= READ_LINKS]


def tunnels(want):
    """Chains that hold a datagram in a datagram, or on a link that the program does not read yet."""
    chains = [layers(c) for c in want.get("protocol_chains", {})]
    return unread_links(want) + [":".join(c) for c in chains if c.count("ip") + c.count("ipv6") > 1]


def reason(want, outer):
    """Why an ID of tshark's may have other packets here; None: no reason."""
    if outer is not None and outer.fragment:
        return "a fragment: tshark gives it the ports of the datagram"
    if tunnels(want):
        return "inside a tunnel or on a link that is not read yet"
    return None


def opaque_ids(want, modelled):
    """Outermost IDs some of whose packets tshark counts elsewhere: with a tunnel's inner flow, or reassembled."""
    fragmented = {frozenset((o.src, o.dst)) for o in modelled.frames.values() if o and o.fragment}
    chains = tunnels(want)
    out = set()
    for o in modelled.frames.values():
        if o is None:
            continue
        carrier = o.proto not in (model.TCP, model.ICMP, model.ICMPV6, model.SCTP)
        if frozenset((o.src, o.dst)) in fragmented or (chains and carrier):
            out.add(o.community_id)
    return out


def endpoints(text):
    """'[::1]:80' -> (bytes, 80)"""
    host, port = text.rsplit(":", 1)
    return ipaddress.ip_address(host.strip("[]")).packed, int(port)


def conversations_of(streams):
    """Two endpoints -> [streams, packets or datagrams]"""
    out = counts()
    for s in streams:
        d = s["directions"]
        if d:
            packets = sum(x.get("packets", x.get("datagrams", 0)) for x in d)
            add(out, frozenset((endpoints(d[0]["from"]), endpoints(d[0]["to"]))), 1, packets)
    return out


def found_conversations(flows, proto):
    out = collections.defaultdict(list)
    for e in flows:
        if e["proto"] == proto:
            a = ipaddress.ip_address(e["src_ip"]).packed, e["src_port"]
            b = ipaddress.ip_address(e["dest_ip"]).packed, e["dest_port"]
            out[frozenset((a, b))].append(e)
    return out


def explain_more_flows(flows):
    """How many flows of one pair of endpoints there are beyond what ends say: 1 per VLAN, and one after each end."""
    vlans = {tuple(e.get("vlan", ())) for e in flows}
    splits = sum(e["flow"]["reason"] in ("timeout", "tcp_reuse") for e in flows)
    return len(flows) <= len(vlans) + splits


def check_conversations(t, name, want, run_flows, modelled):
    """The pairs of endpoints are tshark's, with as many packets; several flows of one pair have a reason each."""
    plain = {p: set() for p in ("TCP", "UDP")}
    for o in modelled.frames.values():
        if o and not o.fragment and o.proto in (model.TCP, model.UDP):
            plain["TCP" if o.proto == model.TCP else "UDP"].add(frozenset(((o.src, o.src_port), (o.dst, o.dst_port))))
    looked_into = bool(tunnels(want)) or modelled.has_fragments()
    for proto, streams in (("TCP", want.get("tcp_streams")), ("UDP", want.get("udp_streams"))):
        theirs = conversations_of(streams or [])
        ours = found_conversations(run_flows, proto)
        for pair, flows in ours.items():
            t.check(explain_more_flows(flows), "%s: %s: flows without a reason: %s" % (name, proto, flows))
        complete = proto == "TCP" or len(streams or []) < MAX_LISTED_UDP
        for pair in set(theirs) | set(ours):
            if pair in theirs and pair not in ours:
                t.check(looked_into and pair not in plain[proto], "%s: %s: %s is missing" % (name, proto, pair))
            elif pair not in theirs:
                t.check(looked_into or not complete, "%s: %s: tshark has no %s" % (name, proto, pair))
            elif not looked_into:
                packets = sum(e["flow"]["pkts_toserver"] + e["flow"]["pkts_toclient"] for e in ours[pair])
                t.equal(packets, theirs[pair][1], "%s: %s packets of %s" % (name, proto, pair))
                if theirs[pair][0] != len(ours[pair]):
                    difference(name, proto, theirs[pair][0], ours[pair])


DIFFERENCES = collections.defaultdict(lambda: [0, 0])


def difference(name, proto, theirs, flows):
    """A pair that is another number of conversations to tshark: why."""
    if len(flows) > theirs:
        reasons = {e["flow"]["reason"] for e in flows} & {"timeout", "tcp_reuse"}
        vlans = {tuple(e.get("vlan", ())) for e in flows}
        why = "VLANs" if len(vlans) > 1 else "+".join(sorted(reasons))
    else:
        why = "tshark begins a new conversation where another protocol announced it, or at a repeated SYN"
    DIFFERENCES[(name, proto, why)][0] += theirs
    DIFFERENCES[(name, proto, why)][1] += len(flows)


def check(t, name, path, run):
    want = pal.expected(name)
    if want is None:
        refused = False
        if not t.healthy(run, name):
            return (0, 0)
    else:
        healthy, refused = check_code(t, name, want, run)
        if not healthy:
            return (0, 0)
    stats, pal_stats = run.stats()
    t.equal(pal.residuals(pal_stats), [], "%s: residuals" % name)
    if want is not None:
        check_numbers(t, name, want, stats, pal_stats["ledger"], refused)
    capture = pal.capture_in(pal.plain(path))
    if capture is None:
        t.check(refused or path.endswith((".zst", ".lz4")), "%s: not read by the model" % name)
        return (0, 0)
    modelled = Modelled(capture)
    flows = run.flows()
    found = found_flows(flows)
    t.equal(found, modelled.flows, "%s: flows of the model" % name)
    t.equal(pal_stats["ledger"]["out"]["pkts"], sum(n for n, _ in found.values()), "%s: delivered" % name)
    t.equal(stats["flow"]["total"], len(flows), "%s: number of flows" % name)
    if want is None:
        return (0, 0)
    check_conversations(t, name, want, flows, modelled)
    return check_ids(t, name, want, found, modelled)


def main():
    t = pal.Test()
    captures = pal.captures()
    names = [n for n in captures if not sys.argv[1:] or n in sys.argv[1:]]
    runs = pal.at_once(lambda n: pal.run(captures[n], "-j", "1"), names)
    ids = explained = 0
    for name, run in zip(names, runs):
        n, e = check(t, name, captures[name], run)
        ids, explained = ids + n, explained + e
    print("%d captures, %d Community IDs of tshark, of which %d in tunnels or fragments" % (len(names), ids, explained))
    for (name, proto, why), (theirs, ours) in sorted(DIFFERENCES.items()):
        print("  %s: %d %s flows where tshark has %d: %s" % (name, ours, proto, theirs, why))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
