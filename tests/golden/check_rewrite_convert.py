#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""pcap-rewrite, the changes: what tshark sees of a packet is what it saw before, but for what was to be changed."""
import os
import random
import sys

import pal
import rewrite

INSIDE = ("ip.src", "ip.dst", "ip.id", "ip.len", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.plen", "tcp.srcport", "tcp.dstport",
          "tcp.seq_raw", "tcp.len", "udp.srcport", "udp.dstport", "udp.length", "icmp.type", "icmpv6.type", "tcp.payload",
          "udp.payload")
TIMES = ("frame.time_epoch",)
LINKS = ("raw_ip.pcap", "http-range-multiflows.pcap", "sll.pcap", "decode-sll2-02.pcap", "tcp-handshake-nano.pcap",
         "combined.pcap.gz", "vlan-collisions.pcap", "mpeg.pcap", "ip6_fragments.pcap", "ipv6-http-atomic-frag.pcap")
CARRIERS = ("quic-interop-retry.pcap", "nflog-http.pcap", "mixed-vlan-mpls.pcap", "pppoe-over-qinq.pcap", "hdlc-http_1tx.pcap")
TUNNELS = {"vxlan-encapsulated-http.pcap": "vxlan", "6in4tunnel.pcap": "ipv6", "Teredo.pcap": "teredo", "geneve.pcap": "geneve",
           "gre-erspan-vxlan.pcap": "vxlan", "erspan.pcap": "gre"}
FULL = os.environ.get("PAL_TEST_FULL") == "1"
KEY = bytes(range(7, 39))


def paths(names):
    found = pal.captures()
    for name in list(names)[:: 1 if FULL else 2]:
        plain = name in found and rewrite.plain_copy(found[name])
        if plain:
            yield name, plain


def rows(path, *fields, last=False):
    """One row a packet; of what is nested the first or the last one."""
    return rewrite.tshark(path, *fields, options=("-E", "occurrence=" + ("l" if last else "f"), "-o", "ip.defragment:FALSE",
                                                  "-o", "ipv6.defragment:FALSE"))


def ip_rows(path, **kwargs):
    """Those of packets with an IP header, with their time."""
    return [r for r in rows(path, *TIMES, *INSIDE, **kwargs) if r.split(b"\t")[1] or r.split(b"\t")[6]]


def link_types(t):
    """To rawip, to ether, and back: the same datagrams under another header, and what is left out is told."""
    for name, path in paths(LINKS + CARRIERS):
        want = ip_rows(path)
        t.check(want, "%s: tshark sees no IP" % name)
        for target, encap in (("rawip", {b"7", b"129", b"130"}), ("ether", {b"1"})):
            r = rewrite.run(path, "-T", target, "--macs", "02:00:00:00:00:01,02:00:00:00:00:02", out="x.pcap")
            if not t.healthy(r, "%s to %s" % (name, target)):
                continue
            s = r.summary()
            t.check(ip_rows(r.out) == want, "%s to %s: other datagrams" % (name, target))
            t.check(set(rows(r.out, "frame.encap_type")) <= encap, "%s to %s: link type" % (name, target))
            if target == "rawip":
                t.equal(s["written_pkts"], len(want), "%s to rawip: packets" % name)
                t.equal(s["written_pkts"] + s["left_out"].get("not_ip", 0) + s["left_out"].get("cut", 0), s["read_pkts"],
                        "%s to rawip: left out" % name)
            back = rewrite.run(r.out, "-T", "ether" if target == "rawip" else "rawip", out="back.pcapng")
            t.healthy(back, "%s to %s and back" % (name, target))
            t.check(ip_rows(back.out) == want, "%s to %s and back: other datagrams" % (name, target))
    # A trailing FCS or padding is no part of a datagram.
    for name, path in paths(("combined.pcap.gz",)):
        r = rewrite.run(path, "-T", "rawip")
        for _, _, data, wire in rewrite.records(r.data()):
            length = int.from_bytes(data[2:4], "big") if data[0] >> 4 == 4 else 40 + int.from_bytes(data[4:6], "big")
            t.check(wire == length, "%s to rawip: %d bytes of a datagram of %d" % (name, wire, length))


def macs(t):
    for name, path in paths(("raw_ip.pcap", "tcp-handshake-nano.pcap")):
        r = rewrite.run(path, "-T", "ether", "--macs", "02:00:00:00:00:01,02:00:00:00:00:02")
        found = {data[:12].hex() for _, _, data, _ in rewrite.records(r.data())}
        t.equal(found, {"020000000001020000000002"}, "%s: addresses given" % name)


def vlans(t):
    for name, path in paths(("vlan-collisions.pcap", "mixed-vlan-mpls.pcap", "pppoe-over-qinq.pcap")):
        r = rewrite.run(path, "--strip-vlans")
        t.healthy(r, "%s without VLANs" % name)
        t.equal(set(rows(r.out, "vlan.id")), {b""}, "%s: tags left" % name)
        for fields in (("eth.src", "eth.dst", "frame.time_epoch") + INSIDE, ("mpls.label", "pppoe.session_id")):
            t.check(rows(r.out, *fields) == rows(path, *fields), "%s without VLANs: other packets" % name)
        lengths = [int(x) for x in rows(path, "frame.len")]
        tags = [len([y for y in x.split(b",") if y]) for x in rewrite.tshark(path, "vlan.id")]
        t.equal([int(x) for x in rows(r.out, "frame.len")], [a - 4 * b for a, b in zip(lengths, tags)], "%s: lengths" % name)


def decap(t):
    """The innermost datagram, as tshark sees it in the tunnel."""
    for name, path in paths(TUNNELS):
        protocol = TUNNELS[name].encode()
        chains = rows(path, "frame.protocols")
        if not any(protocol in c.split(b":") for c in chains):
            t.fail("%s: no %s in it" % (name, protocol))
            continue
        r = rewrite.run(path, "--decap", out="x.pcapng")
        if not t.healthy(r, "%s --decap" % name):
            continue
        s = r.summary()
        fields = TIMES + ("frame.protocols",) + INSIDE
        pairs = list(zip(rows(r.out, *fields), rows(path, *fields, last=True)))
        t.equal((len(pairs), s["left_out"]), (len(chains), {}), "%s --decap: packets" % name)
        transport = [(x, y) for x, y in pairs if x.split(b"\t")[10] or x.split(b"\t")[14]]
        t.check(len(transport) > 3, "%s --decap: nothing to compare" % name)
        for x, y in transport:
            t.check(inner(x) == inner(y), "%s --decap: %r of %r" % (name, x[:200], y[:200]))
        for x, y in pairs:
            last = [name for name in x.split(b"\t")[1].split(b":") if name != b"data"][-1]
            t.check(last in y.split(b"\t")[1].split(b":"), "%s --decap: %r of %r" % (name, x[:200], y[:200]))
        # What came out is in no tunnel any more.
        again = rewrite.run(r.out, "--decap", out="y.pcapng")
        t.check(again.data() == r.data(), "%s --decap twice" % name)


def inner(row):
    """
    Of the last occurrences what belongs to one datagram: time and TCP, or time and UDP. A field that only a datagram
    outside has is there as well.
    """
    c = row.split(b"\t")
    tcp, udp = c[10:14] + [c[19]], c[14:17] + [c[20]]
    return c[:1] + (tcp if c[10] else udp)


def anonymised(t):
    """Checksums are as right as before, addresses are others, prefixes as long, the same address always the same."""
    key = pal.write_file("key", KEY)
    checks = ("-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE")
    states = ("frame.time_epoch", "ip.checksum.status", "tcp.checksum.status", "udp.checksum.status", "icmp.checksum.status",
              "icmpv6.checksum.status")
    addresses = ("frame.time_epoch", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "arp.src.proto_ipv4", "arp.dst.proto_ipv4",
                 "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address")
    known = {}
    for name, path in paths(("combined.pcap.gz", "vlan-collisions.pcap", "sll.pcap", "ipv6.pcap", "http-range-multiflows.pcap",
                             "quic_interop_V.pcapng", "ip4_fragments.pcap", "vxlan-encapsulated-http.pcap", "6in4tunnel.pcap",
                             "missing-syn.pcap", "emix.pcap", "tcp-handshake-nano.pcap")):
        r = rewrite.run(path, "--anonymise", key, out="x" + os.path.splitext(path)[1])
        if not t.healthy(r, "%s --anonymise" % name):
            continue
        left_out = sum(r.summary()["left_out"].values())
        before, after = (rewrite.tshark(p, *states, options=checks) for p in (path, r.out))
        if left_out == 0:
            t.check(before == after, "%s --anonymise: other checksums are right" % name)
        before, after = (rewrite.tshark(p, *addresses) for p in (path, r.out))
        if left_out == 0 and t.equal(len(before), len(after), "%s --anonymise: packets" % name):
            for a, b in zip(before, after):
                for x, y in zip(a.split(b"\t")[1:], b.split(b"\t")[1:]):
                    for old, new in zip(x.split(b","), y.split(b",")):
                        if old:
                            t.check(known.setdefault(old, new) == new, "%s: %r is %r and %r" % (name, old, new, known[old]))
        back = rewrite.run(r.out, "--anonymise", key, out="y")
        t.healthy(back, "%s --anonymise twice" % name)
    for family in (b".", b":"):
        pairs = [(a, b) for a, b in known.items() if family in a]
        t.check(len({b for _, b in pairs}) == len(pairs), "two addresses became one")
        rng = random.Random(1)
        for _ in range(2000):
            (a, x), (b, y) = rng.choice(pairs), rng.choice(pairs)
            t.check(shared(a, b) == shared(x, y), "%r and %r share other prefixes than %r and %r" % (a, b, x, y))
    t.check(len(known) > 100, "only %d addresses" % len(known))


def shared(a, b):
    import ipaddress
    x, y = ipaddress.ip_address(a.decode()), ipaddress.ip_address(b.decode())
    return x.max_prefixlen - (int(x) ^ int(y)).bit_length()


def payload(t):
    for name, path in paths(("combined.pcap.gz", "vlan-collisions.pcap", "missing-syn.pcap", "sll.pcap")):
        r = rewrite.run(path, "--strip-payload")
        t.healthy(r, "%s --strip-payload" % name)
        fields = ("frame.time_epoch", "frame.len", "ip.src", "ipv6.src", "tcp.srcport", "tcp.seq_raw", "udp.srcport", "tcp.len",
                  "udp.length", "arp.src.proto_ipv4")
        # What an ICMP error quotes is payload of it.
        got, want = ([row.split(b"\t", 2)[2] for row in rows(p, "icmp.type", "icmpv6.type", *fields) if row[:1] == b"\t" == row[1:2]]
                     for p in (r.out, path))
        t.check(got and got == want, "%s --strip-payload: other headers" % name)
        t.equal(set(rows(r.out, "tcp.payload", "udp.payload")), {b"\t"}, "%s --strip-payload: payload is left" % name)


def fcs(t):
    """A frame check sequence is not data; where the data changes it goes, and the file does not claim it."""
    data = pal.plain(os.path.join(pal.SMALL, "combined.pcap.gz"))
    capture = pal.Pcap(data)
    records = []
    for record in capture.records:
        cap, wire = (int.from_bytes(record[i : i + 4], "little") for i in (8, 12))
        trailer = b"\xde\xad\xbe\xef" if cap == wire else b""  # it is the first that is cut off
        records.append(record[:8] + (cap + len(trailer)).to_bytes(4, "little") + (wire + 4).to_bytes(4, "little") + record[16:] + trailer)
    network = 1 | 1 << 26 | 2 << 28
    path = pal.write_file("fcs.pcap", data[:20] + network.to_bytes(4, "little") + b"".join(records))
    plain = pal.write_file("plain.pcap", data)
    t.check(rewrite.run(path).data() == open(path, "rb").read(), "a copy with FCS")
    for args in (("--strip-vlans",), ("--anonymise", pal.write_file("key", KEY)), ("-T", "rawip")):
        for out in ("x.pcap", "x.pcapng"):
            a, b = rewrite.run(path, *args, out=out), rewrite.run(plain, *args, out=out)
            t.check(a.data() == b.data(), "%s with FCS, %s" % (args, out))
    there = rewrite.run(path, out="x.pcapng")
    t.check(rewrite.run(there.out, out="y.pcap").data() == open(path, "rb").read(), "FCS to pcapng and back")


def large(t):
    """A packet beyond 65535 bytes keeps its length, in both formats."""
    big = bytes(200000)
    head = b"\xd4\xc3\xb2\xa1\x02\0\x04\0" + bytes(8) + (1 << 20).to_bytes(4, "little") + (1).to_bytes(4, "little")
    path = pal.write_file("big.pcap", head + bytes(8) + len(big).to_bytes(4, "little") * 2 + big)
    there = rewrite.run(path, out="x.pcapng")
    back = rewrite.run(there.out, out="y.pcap")
    t.equal([(len(d), w) for _, _, d, w in rewrite.records(back.data())], [(len(big), len(big))], "a packet of 200000 bytes")


def main():
    t = pal.Test()
    parts = [fcs, large]
    if pal.program("tshark"):
        parts += [link_types, macs, vlans, decap, anonymised, payload]
    for part in parts:
        if not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            part(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
