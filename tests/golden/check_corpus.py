#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every capture of the corpus: exit code, packets and bytes, the books, flows, tunnels, fragments, Community IDs.

Compared with two independent sources. model.py reads each frame slowly: its flows, tunnel paths and exits of fragments
must be those of the program, to the packet and the byte. tshark (corpus/expected, see its README) gives each frame one
Community ID: that of the innermost datagram it completes, as the model sees it. Where tshark has another rule, the rule
is below; there is no list of files to excuse but REASONS.
"""
import collections
import ipaddress
import sys

import model
import model_tunnels
import pal

# Captures whose difference has a cause that no rule below covers.
REASONS = {
    "dsa.pcap": "tshark 4.0 does not know its link type, capinfos gives up; the structure has the numbers",
}
# expected/ lists so many Community IDs and UDP streams at most.
MAX_LISTED_IDS, MAX_LISTED_UDP = 600, 400
WITH_PORTS = (model.TCP, model.UDP, model.SCTP, model.ICMP, model.ICMPV6)
# UDP ports that name a tunnel where they are the destination's; a source may have them by chance.
DESTINATION_PORTS = (4789, 4790, 6081, 8472)


def add(table, key, packets, size):
    table[key][0] += packets
    table[key][1] += size


def counts():
    return collections.defaultdict(lambda: [0, 0])


class Modelled:
    """What model.py makes of a capture, and what tshark would."""

    def __init__(self, capture):
        self.reader = model.Reader()
        self.flows = counts()  # (Community ID, VLANs, tunnels) -> packets, bytes
        self.datagrams = collections.Counter()  # (protocol, endpoints) -> headers of TCP and UDP that tshark reads
        self.delivered = [0, 0], [0, 0]  # of the frames, and of what was in tunnels: packets, bytes
        self.ids = collections.Counter()  # Community ID -> frames, by tshark's rules
        self.hosts = {}  # Community ID, or number of a frame -> the two hosts
        time_ns = 0
        for number, (linktype, data, wire, time_ns) in enumerate(capture.packets(), 1):
            found, left = self.reader.frame(linktype, data, wire, time_ns)
            for d in found:
                add(self.flows, (d.community_id, d.vlans, d.path), d.frames, d.size)
                add(self.delivered, bool(d.path), d.frames, d.size)
            self.see(number, tunnels_backwards(found), left)
        self.reader.finish(time_ns)

    def see(self, number, found, left):
        headers = [(d.version, d.src, d.dst, d.proto) for d in found] + ([left] if left else [])
        for d in found:
            if d.segment is not None or has_udp_length(d):
                self.datagrams[d.proto, frozenset(((d.src, d.src_port), (d.dst, d.dst_port)))] += 1
        if headers:
            cid = of_tshark(found, headers, left)
            self.hosts[number] = self.hosts[cid] = frozenset(headers[-1][1:3])
            self.ids[cid] += cid is not None


def tunnels_backwards(found):
    """tshark also looks for a tunnel where its port is the source's: it may be there by chance, and PAL does not."""
    if found and found[-1].proto == model.UDP and found[-1].src_port in DESTINATION_PORTS:
        d, reader = found[-1], model.Reader()
        tunnel = model_tunnels.inside(d, d.dst_port, d.src_port, d.part)
        if tunnel is not None:
            return found + reader.frame_of(tunnel[1], tunnel[2])
    return found


def has_udp_length(d):
    return d.proto == model.UDP and len(d.l3.data) >= 8 and d.l3.u16(4) >= 8


def of_tshark(found, headers, left):
    """The Community ID that tshark gives a frame: addresses of the innermost IP header, ports of the innermost transport.

    Of a protocol without ports it takes the number from the outermost IPv4 header. IPv6 fragments and IPv6 datagrams of
    such protocols have no ID. A UDP length below 8 stops it before the ports.
    """
    d = found[-1] if found else None
    if not left and d.proto in WITH_PORTS:
        if d.proto == model.UDP and not has_udp_length(d):
            return model.community_id(d.src, d.dst, d.proto, 0, 0, False)
        return d.community_id
    ipv4 = [proto for version, _, _, proto in headers if version == 4]
    if not ipv4:
        return None
    _, src, dst, _ = headers[-1]
    around = [d for d in found if d.proto == ipv4[0] and d.proto in WITH_PORTS]
    ports = (around[-1].src_port, around[-1].dst_port, True) if around else (0, 0, False)
    return model.community_id(src, dst, ipv4[0], *ports)


def flows_of(run):
    """The `flow` records, each with the tunnels that it came out of."""
    paths = {e["flow_id"]: tuple(e["pal"].get("path", ())) for e in run.events("pal_tunnel")}
    flows = run.flows()
    for e in flows:
        e["where"] = tuple(e.get("vlan", ())), paths.get(e["flow_id"], ())
    return flows


def found_flows(flows):
    table = counts()
    for e in flows:
        f = e["flow"]
        key = (e["community_id"],) + e["where"]
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


def check_ids(t, name, want, modelled):
    """tshark's Community IDs, and how many frames have each."""
    listed = want.get("community_id", {})
    ids = {cid: truth["packets"] for cid, truth in listed.items()}
    discarded = modelled.reader.fragments.discarded
    excused = 0
    for cid in set(ids) | set(modelled.ids if len(ids) < MAX_LISTED_IDS else ()):
        if ids.get(cid, 0) == modelled.ids[cid]:
            t.checks += 1
            continue
        hosts = modelled.hosts.get(listed[cid]["first_frame"] if cid in listed else cid)
        # tshark puts together what RFC 5722 and RFC 8200 section 4.5 have discarded.
        excused += hosts in discarded
        t.check(hosts in discarded, "%s: %s: %d frames, tshark has %d" % (name, cid, modelled.ids[cid], ids.get(cid, 0)))
    return len(ids), excused


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
    """One pair of endpoints is one flow in each VLAN and tunnel, and one more after each end."""
    splits = sum(e["flow"]["reason"] in ("timeout", "tcp_reuse") for e in flows)
    return len(flows) <= len({e["where"] for e in flows}) + splits


def check_conversations(t, name, want, run_flows, modelled):
    """The pairs of endpoints are tshark's, with as many datagrams; several flows of one pair have a reason each."""
    discarded = modelled.reader.fragments.discarded
    for proto, number in (("TCP", model.TCP), ("UDP", model.UDP)):
        streams = want.get(proto.lower() + "_streams") or []
        theirs, ours = conversations_of(streams), found_conversations(run_flows, proto)
        for pair, flows in ours.items():
            t.check(explain_more_flows(flows), "%s: %s: %s: flows without a reason" % (name, proto, pair))
        complete = proto == "TCP" or len(streams) < MAX_LISTED_UDP
        for pair in set(theirs) | set(ours):
            if pair in theirs and pair not in ours:
                hosts = frozenset(host for host, _ in pair)
                t.check(hosts in discarded, "%s: %s: %s is missing" % (name, proto, pair))
            elif pair not in theirs:
                t.check(not complete, "%s: %s: tshark has no %s" % (name, proto, pair))
            else:
                t.equal(modelled.datagrams[number, pair], theirs[pair][1], "%s: %s packets of %s" % (name, proto, pair))
                if theirs[pair][0] != len(ours[pair]):
                    difference(name, proto, theirs[pair][0], ours[pair])


DIFFERENCES = collections.defaultdict(lambda: [0, 0])


def difference(name, proto, theirs, flows):
    """A pair that is another number of conversations to tshark: why."""
    if len(flows) > theirs:
        reasons = {e["flow"]["reason"] for e in flows} & {"timeout", "tcp_reuse"}
        where = {e["where"] for e in flows}
        why = "VLANs or tunnels" if len(where) > 1 else "+".join(sorted(reasons))
    else:
        why = "tshark begins a new conversation where another protocol announced it, or at a repeated SYN"
    DIFFERENCES[(name, proto, why)][0] += theirs
    DIFFERENCES[(name, proto, why)][1] += len(flows)


def check_books(t, name, pal_stats, modelled):
    """What came, what went on and which fragments left, of frames and of what was in tunnels."""
    t.equal(pal.residuals(pal_stats), [], "%s: residuals" % name)
    ledgers = pal_stats["ledger"], pal_stats["ledger_inner"]
    t.equal(amount(ledgers[1]["in"]), modelled.reader.unwrapped, "%s: unwrapped" % name)
    t.equal(pal_stats["tunnels"], dict(modelled.reader.tunnels), "%s: tunnels" % name)
    t.equal(pal_stats["tunnel_too_deep"], modelled.reader.too_deep, "%s: too deep" % name)
    for inner, ledger in enumerate(ledgers):
        t.equal(amount(ledger["out"]), modelled.delivered[inner], "%s: delivered, inner %d" % (name, inner))
        exits = {why: amount(n) for why, n in ledger["stages"]["defrag"]["exits"].items()}
        want = {why: list(n) for (book, why), n in modelled.reader.fragments.exits.items() if book == inner}
        t.equal(exits, want, "%s: fragments, inner %d" % (name, inner))


def amount(books):
    return [books["pkts"], books["bytes"]]


def check(t, name, path, run):
    want = pal.expected(name)
    refused = False
    if want is not None:
        healthy, refused = check_code(t, name, want, run)
    else:
        healthy = t.healthy(run, name)
    if not healthy:
        return (0, 0)
    stats, pal_stats = run.stats()
    if want is not None:
        check_numbers(t, name, want, stats, pal_stats["ledger"], refused)
    capture = pal.capture_in(pal.plain(path))
    if capture is None:
        t.check(refused or path.endswith((".zst", ".lz4")), "%s: not read by the model" % name)
        return (0, 0)
    modelled = Modelled(capture)
    flows = flows_of(run)
    found = found_flows(flows)
    if not t.check(found == modelled.flows, "%s: flows are not those of the model" % name):
        for key in [k for k in set(found) | set(modelled.flows) if found.get(k) != modelled.flows.get(k)][:5]:
            print("    %s: %s, the model has %s" % (key, found.get(key), modelled.flows.get(key)))
    check_books(t, name, pal_stats, modelled)
    t.equal(stats["flow"]["total"], len(flows), "%s: number of flows" % name)
    if want is None:
        return (0, 0)
    check_conversations(t, name, want, flows, modelled)
    return check_ids(t, name, want, modelled)


def main():
    t = pal.Test()
    captures = pal.share_of_captures()
    names = [n for n in captures if not sys.argv[1:] or n in sys.argv[1:]]
    runs = pal.at_once(lambda n: pal.run(captures[n], "-j", "1"), names)
    ids = excused = 0
    for name, run in zip(names, runs):
        n, e = check(t, name, captures[name], run)
        ids, excused = ids + n, excused + e
    print("%d captures, %d Community IDs, of which %d of fragments that only tshark puts together" % (len(names), ids, excused))
    for (name, proto, why), (theirs, ours) in sorted(DIFFERENCES.items()):
        print("  %s: %d %s flows where tshark has %d: %s" % (name, ours, proto, theirs, why))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
