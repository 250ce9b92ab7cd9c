#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Scripts of connections, fragments and tunnels, each with the one right answer, through the command line.

Every function is a claim: it makes a capture, and what `stream-digest`, `flows` and `anomaly` say of it is checked.
"""
import hashlib
import itertools
import struct
import sys

import build
import pal
from build import A, ACK, B, FIN, GRE, PSH, RST, SYN, TCP, UDP, Connection

SCRIPTS = []


def script(function):
    SCRIPTS.append(function)
    return function


class Result:
    """What the program made of a capture."""

    def __init__(self, t, name, data, *args):
        self.t, self.name = t, name
        path = pal.write_file(name + ".pcap", data)
        # Two workers: what is said must not depend on who says it.
        self.run = pal.run(path, "-j", "2", "-p", "stream-digest,flows,anomaly", "--set", "plugin.anomaly.stream=yes", *args)
        self.healthy = t.healthy(self.run, name)
        self.stats = self.run.stats()[1] if self.healthy else None
        t.equal(pal.residuals(self.stats) if self.healthy else None, [], "%s: residuals" % name)

    def equal(self, got, want, what):
        self.t.equal(got, want, "%s: %s" % (self.name, what))

    def streams(self):
        """Records of streams, in the order of the first packets of their flows."""
        start = {e["flow_id"]: e["flow"]["start"] for e in self.run.flows()}
        records = [e for e in self.run.events("pal_stream_digest") if "stream" in e["pal"]]
        return [e["pal"]["stream"] for e in sorted(records, key=lambda e: start[e["flow_id"]])]

    def direction(self, got, parts, what):
        """parts: bytes, and numbers for gaps of that length."""
        data = b"".join(p for p in parts if isinstance(p, bytes))
        gaps, at = [], 0
        for p in parts:
            if isinstance(p, int):
                gaps.append([at, p])
            at += p if isinstance(p, int) else len(p)
        self.equal((got["len"], got["delivered"]), (at, len(data)), what + ": length, delivered")
        self.equal(got["gaps"], gaps, what + ": gaps")
        self.equal(got["sha256"], hashlib.sha256(data).hexdigest(), what + ": SHA-256 of %r" % data[:40])

    def stream(self, to_server, to_client=(), nth=0, of=1, end=None):
        streams = self.streams()
        self.equal(len(streams), of, "streams")
        if len(streams) != of:
            return
        self.direction(streams[nth]["to_server"], to_server, "to server")
        self.direction(streams[nth]["to_client"], to_client, "to client")
        if end is not None:
            self.equal(streams[nth]["end"], end, "end")

    def datagrams(self, *payloads):
        """These were put together, in any order: what follows their IP headers."""
        got = [e["pal"]["datagram"] for e in self.run.events("pal_stream_digest") if "datagram" in e["pal"]]
        want = sorted((len(p), hashlib.sha256(p).hexdigest()) for p in payloads)
        self.equal(sorted((d["len"], d["sha256"]) for d in got), want, "datagrams")

    def flows(self, number, **where):
        """So many flows have these fields."""
        flows = [e for e in self.run.flows() if all(e.get(k) == v for k, v in where.items())]
        self.equal(len(flows), number, "flows with %s" % where)
        return flows

    def seen(self, event):
        return self.stats["anomalies"].get(event, 0)

    def exits(self, ledger="ledger"):
        return {k: v["pkts"] for k, v in self.stats[ledger]["stages"]["defrag"]["exits"].items()}


# TCP


@script
def retransmission_after_ack_is_trimmed(run):
    c = Connection().handshake().client(b"GET").server(flags=ACK)
    c.client(b"GET", seq=1001).client(b"/x").server(flags=ACK).close()
    run(c.file()).stream([b"GET/x"], end="closed")


@script
def lost_ack_of_the_handshake_matters_to_nobody(run):
    c = Connection().client(flags=SYN).server(flags=SYN | ACK).client(flags=ACK, lost=True)
    c.server(b"220 hi").client(b"EHLO").server(b"250").close()
    run(c.file()).stream([b"EHLO"], [b"220 hi250"], end="closed")


@script
def lost_syn_ack_matters_to_nobody(run):
    c = Connection().client(flags=SYN).server(flags=SYN | ACK, lost=True).client(flags=ACK)
    c.client(b"GET").server(b"OK").close()
    run(c.file()).stream([b"GET"], [b"OK"], end="closed")


@script
def gap_is_told_where_it_is(run):
    c = Connection().handshake().client(b"ABC").client(b"DEF", lost=True).client(b"GHI").server(flags=ACK).close()
    r = run(c.file())
    r.stream([b"ABC", 3, b"GHI"], end="closed")
    r.equal(r.stats["streams"]["gap_bytes"], 3, "gap bytes")


@script
def one_way_capture_is_delivered(run):
    c = Connection().client(flags=SYN).server(flags=SYN | ACK, lost=True).client(flags=ACK).client(b"GET").client(b"x")
    run(c.file()).stream([b"GETx"], end="run_ended")


@script
def tail_without_ack_is_delivered_at_the_end(run):
    c = Connection().handshake().client(b"GET").server(flags=ACK).client(b" never").client(b" acknowledged")
    run(c.file()).stream([b"GET never acknowledged"], end="run_ended")


@script
def early_tail_is_delivered_at_the_end_behind_its_gap(run):
    c = Connection().handshake().client(b"GET").client(b"lost", lost=True).client(b"tail")
    run(c.file()).stream([b"GET", 4, b"tail"], end="run_ended")


@script
def tail_before_rst_is_delivered(run):
    c = Connection().handshake().client(b"GET").server(flags=ACK).client(b"tail").server(flags=RST | ACK)
    run(c.file()).stream([b"GETtail"], end="reset")


@script
def refused_fast_open_data_is_delivered_once(run):
    c = Connection().client(b"GET", flags=SYN)
    c.seq[0] = 1001  # refused: only the SYN is acknowledged
    c.server(flags=SYN | ACK).client(b"GET").server(flags=ACK).close()
    r = run(c.file())
    r.stream([b"GET"], end="closed")
    r.equal(r.stats["streams"]["events"].get("syn_data_refused"), 1, "told to be refused")


@script
def accepted_fast_open_data_is_delivered(run):
    c = Connection().client(b"GET", flags=SYN).server(flags=SYN | ACK).client(flags=ACK).client(b"/x").close()
    run(c.file()).stream([b"GET/x"], end="closed")


@script
def ack_of_an_older_connection_is_not_believed(run):
    """A server that still has one answers a SYN with its ACK (RFC 5961 section 4); the client resets that, and tries again."""
    old, new = 2_000_000_000, 4_200_000_000
    c = Connection(isn=(new, 5000)).client(flags=SYN).server(flags=ACK, seq=77777, ack=old).client(flags=RST, seq=old)
    c.seq[0] = new
    c.handshake().client(b"GET").server(b"OK").close()
    r = run(c.file())
    r.stream([b"GET"], [b"OK"], end="closed")
    r.equal(r.seen("invalid_ack"), 1, "told")


@script
def keep_alive_is_no_data(run):
    c = Connection().handshake().client(b"GET").server(flags=ACK)
    c.client(b"\0", flags=ACK, seq=1003, after=30).server(flags=ACK).client(b"NEXT").server(flags=ACK).close()
    r = run(c.file())
    r.stream([b"GETNEXT"], end="closed")
    r.equal(r.stats["streams"]["events"].get("keep_alive"), 1, "recognised")


@script
def ports_used_again_after_rst_are_a_second_flow(run):
    c = Connection().handshake().client(b"OLD").server(flags=RST | ACK)
    again = Connection(isn=(90000, 70000))
    again.now = c.now + 1
    again.handshake().client(b"NEW").server(flags=ACK)
    r = run(build.pcap(c.packets + again.packets))
    r.flows(2, proto="TCP")
    r.stream([b"OLD"], nth=0, of=2, end="reset")
    r.stream([b"NEW"], nth=1, of=2)


@script
def packet_after_four_hours_is_a_new_flow(run):
    c = Connection().handshake().client(b"GET").server(flags=ACK).client(b"later", after=4 * 3600)
    r = run(c.file())
    r.flows(2, proto="TCP")
    r.stream([b"GET"], nth=0, of=2, end="timed_out")
    r.stream([b"later"], nth=1, of=2)


@script
def more_than_4_gib_in_one_direction_have_64_bit_offsets(run):
    """Of each full segment the capture holds one byte; the last one is whole."""
    c, size = Connection().handshake(), 65535 - 40
    number = 2**32 // size + 2
    head = build.ethernet(build.ipv4(A, B, TCP, b""))[:34]
    head = head[:16] + struct.pack(">H", 65535) + head[18:]
    for i in range(number):
        segment = build.tcp(40000, 80, 1001 + i * size, 5001, ACK)
        c.packets.append((c.now, head + segment + b"x", 14 + 65535))
    c.seq[0] = 1001 + number * size
    c.client(b"END")
    r = run(c.file())
    d = r.streams()[0]["to_server"]
    r.equal((d["len"], d["delivered"]), (number * size + 3, number + 3), "length, delivered")
    r.equal(d["gap_bytes"], number * (size - 1), "gap bytes")
    r.equal(d["sha256"], hashlib.sha256(b"x" * number + b"END").hexdigest(), "SHA-256")


def many_segments(first, number):
    """As many segments of one byte, nothing acknowledged."""
    frame = bytearray(build.ethernet(build.ipv4(A, B, TCP, build.tcp(40000, 80, 0, 5001, ACK, b"x"))))
    packets = []
    for i in range(number):
        struct.pack_into(">I", frame, 38, first + i)
        packets.append((1 + i * 1e-6, bytes(frame)))
    return packets


@script
def half_a_million_segments_without_ack_are_delivered(run):
    c = Connection().handshake()
    r = run(build.pcap(c.packets + many_segments(1001, 500000)))
    r.stream([b"x" * 500000])
    r.equal(r.stats["streams"]["delivered_parked"], 0, "bytes that had to wait")


@script
def half_a_million_segments_behind_a_gap_stay_inside_the_limits(run):
    c = Connection().handshake()
    r = run(build.pcap(c.packets + many_segments(1002, 500000)))
    r.stream([1, b"x" * 500000])
    waited = r.stats["streams"]["delivered_parked"]
    r.t.check(0 < waited <= 1024, "%s: bytes that had to wait: %d" % (r.name, waited))
    r.equal(r.seen("limit_flow"), 1, "told")


@script
def overlap_with_other_bytes_is_told_and_the_delivered_stay(run):
    c = Connection().handshake().client(b"GOOD").client(b"EVIL", seq=1001).server(flags=ACK).close()
    r = run(c.file())
    r.stream([b"GOOD"], end="closed")
    r.equal(r.seen("overlap_different_data"), 1, "told")
    r.equal(r.streams()[0]["to_server"]["conflicts"], [[0, 4]], "conflicts")


@script
def segments_in_any_order_are_one_stream(run):
    captures = []
    for i, order in enumerate(itertools.permutations((b"AAA", b"BBB", b"CCC"))):
        c = Connection(client=(A, 40000 + i)).handshake()
        for part in order:
            c.client(part, seq=1001 + 3 * (part[0] - ord("A")))
        c.seq[0] = 1010
        captures += c.server(flags=ACK).close().packets
    r = run(build.pcap(captures))
    streams = r.streams()
    r.equal(len(streams), 6, "streams")
    for s in streams:
        r.direction(s["to_server"], [b"AAABBBCCC"], "any order")


# fragments

DATA = build.udp(7, 9, bytes(range(64)))  # 72 bytes: three fragments of 24


@script
def three_fragments_in_any_order_are_a_datagram(run):
    for make in (build.fragments, build.fragments6):
        hosts = (A, B) if make is build.fragments else ("2001:db8::1", "2001:db8::2")
        orders = list(itertools.permutations(range(3)))
        packets = [make(*hosts, UDP, DATA, 24, i)[n] for i, order in enumerate(orders) for n in order]
        r = run(build.in_order(packets))
        r.datagrams(*[DATA] * 6)
        flow = r.flows(1, src_port=7, dest_port=9)[0]
        r.equal(flow["flow"]["pkts_toserver"], 18, "frames of the flow")
        r.equal(r.stats["fragments"]["completed"], 6, "completed")


@script
def hole_of_two_fragments_is_filled(run):
    parts = build.fragments(A, B, UDP, DATA, 16, 1)  # five
    run(build.in_order([parts[i] for i in (0, 3, 4, 1, 2)])).datagrams(DATA)


@script
def hole_that_is_partly_covered_is_filled(run):
    """A fragment over the end of one that is there, and over the beginning of one that comes."""
    late = build.ipv4(A, B, UDP, b"X" * 24, 1, 16, True)
    parts = build.fragments(A, B, UDP, DATA, 24, 1)
    r = run(build.in_order([parts[0], parts[2], late, parts[1]]), "--set", "defrag.policy=first")
    r.datagrams(DATA[:24] + b"X" * 16 + DATA[40:])
    r.equal(r.seen("frag_overlap_differs"), 1, "told, once a datagram")


@script
def policy_decides_what_an_overlap_reads(run):
    late = build.ipv4(A, B, UDP, b"X" * 24, 1, 24, True)
    parts = build.fragments(A, B, UDP, DATA, 24, 1)
    for policy, middle in (("first", DATA[24:48]), ("last", b"X" * 24)):
        r = run(build.in_order([parts[0], parts[1], late, parts[2]]), "--set", "defrag.policy=%s" % policy)
        r.datagrams(DATA[:24] + middle + DATA[48:])


@script
def ipv6_datagram_with_overlap_is_discarded(run):
    parts = build.fragments6("2001:db8::1", "2001:db8::2", UDP, DATA, 24, 1)
    other = build.fragments6("2001:db8::1", "2001:db8::2", UDP, b"X" * 72, 24, 1)[1]
    r = run(build.in_order([parts[0], parts[1], other, parts[2]]))
    r.datagrams()
    r.equal(r.exits(), {"frag_overlap": 4}, "exits")


@script
def equal_ids_of_two_flows_are_two_datagrams(run):
    other = build.udp(7, 9, b"Z" * 64)
    mine, theirs = build.fragments(A, B, UDP, DATA, 24, 1), build.fragments("10.0.0.3", B, UDP, other, 24, 1)
    run(build.in_order([p for pair in zip(mine, theirs) for p in pair])).datagrams(DATA, other)


@script
def duplicates_complete_once(run):
    for again in range(3):
        parts = build.fragments(A, B, UDP, DATA, 24, 1)
        r = run(build.in_order(parts[: again + 1] + parts[again:]))
        r.datagrams(DATA)
        r.equal(r.exits(), {"frag_duplicate": 1} if again == 2 else {}, "exits")


@script
def missing_last_times_out_and_is_told(run):
    parts = build.fragments(A, B, UDP, DATA, 24, 1)[:2]
    late = build.fragments(A, B, UDP, DATA, 24, 2)
    packets = [(i, build.ethernet(p)) for i, p in enumerate(parts)] + [(40 + i, build.ethernet(p)) for i, p in enumerate(late)]
    r = run(build.pcap(packets))
    r.datagrams(DATA)
    r.equal(r.exits(), {"frag_timeout": 2}, "exits")
    r.equal(r.seen("frag_timeout"), 1, "told")


@script
def missing_last_is_incomplete_when_the_run_ends(run):
    r = run(build.in_order(build.fragments(A, B, UDP, DATA, 24, 1)[:2]))
    r.datagrams()
    r.flows(0)
    r.equal(r.exits(), {"frag_incomplete": 2}, "exits")


@script
def ping_of_death_is_told_and_dropped(run):
    r = run(build.in_order([build.ipv4(A, B, 1, b"X" * 24, 1, 65528, False)]))
    r.equal((r.exits(), r.seen("frag_too_large")), ({"frag_too_large": 1}, 1), "exits, told")


# tunnels


def inner(to_server=True, payload=b"x"):
    """A datagram of one UDP flow between two private hosts, in either direction."""
    hosts, ports = ("192.168.0.1", "192.168.0.2"), (5000, 53)
    way = 1 if to_server else -1
    return build.ipv4(*hosts[::way], UDP, build.udp(*ports[::way], payload))


def outer(port, payload, to_server, source):
    hosts = (A, B) if to_server else (B, A)
    return build.ipv4(*hosts, UDP, build.udp(source, port, payload))


@script
def directions_in_vxlan_with_other_source_ports_are_one_flow(run):
    packets = [outer(4789, build.vxlan(5, build.ethernet(inner(d))), d, 50000 + d) for d in (True, False)]
    flow = run(build.in_order(packets)).flows(1, src_ip="192.168.0.1", dest_port=53)[0]["flow"]
    run.t.equal((flow["pkts_toserver"], flow["pkts_toclient"]), (1, 1), "%s: packets each way" % run.name)


@script
def directions_in_geneve_with_other_source_ports_are_one_flow(run):
    packets = [outer(6081, build.geneve(5, inner(d)), d, 50000 + d) for d in (True, False)]
    flow = run(build.in_order(packets)).flows(1, src_ip="192.168.0.1", dest_port=53)[0]["flow"]
    run.t.equal((flow["pkts_toserver"], flow["pkts_toclient"]), (1, 1), "%s: packets each way" % run.name)


@script
def equal_addresses_in_two_networks_are_two_flows(run):
    packets = [outer(4789, build.vxlan(vni, build.ethernet(inner())), True, 50000) for vni in (5, 6, 5)]
    r = run(build.in_order(packets))
    flows = r.flows(2, src_ip="192.168.0.1", dest_port=53)
    r.equal(sorted(e["flow"]["pkts_toserver"] for e in flows), [1, 2], "packets")
    r.equal(sorted(e["pal"]["id"] for e in r.run.events("pal_tunnel") if "id" in e["pal"]), [5, 6], "networks")
    carrier = [e for e in r.run.events("pal_tunnel") if "carries" in e["pal"]]
    r.equal([e["pal"]["carries"] for e in carrier], [["vxlan"]], "the flow outside says what it carries")


@script
def directions_in_gtpu_with_other_teids_are_one_flow(run):
    packets = [outer(2152, build.gtpu(1000 + d, inner(d)), d, 2152) for d in (True, False)]
    r = run(build.in_order(packets))
    flow = r.flows(1, src_ip="192.168.0.1", dest_port=53)[0]
    r.equal((flow["flow"]["pkts_toserver"], flow["flow"]["pkts_toclient"]), (1, 1), "packets each way")
    r.equal(flow["tunnel"], {
        "src_ip": A, "src_port": 2152, "dest_ip": B, "dest_port": 2152, "proto": "UDP", "depth": 1}, "tunnel of the record")


@script
def fragments_in_a_tunnel_are_put_together(run):
    parts = build.fragments("192.168.0.1", "192.168.0.2", UDP, DATA, 24, 1)
    r = run(build.in_order([outer(4789, build.vxlan(5, build.ethernet(p)), True, 50000) for p in parts[::-1]]))
    r.datagrams(DATA)
    flow = r.flows(1, src_ip="192.168.0.1", src_port=7, dest_port=9)[0]
    r.equal(flow["flow"]["pkts_toserver"], 3, "datagrams of the flow")


@script
def fragments_in_two_networks_are_not_mixed(run):
    parts = build.fragments("192.168.0.1", "192.168.0.2", UDP, DATA, 40, 1)
    packets = [outer(4789, build.vxlan(5 + i, build.ethernet(p)), True, 50000) for i, p in enumerate(parts)]
    r = run(build.in_order(packets))
    r.datagrams()
    r.equal((r.exits(), r.exits("ledger_inner")), ({}, {"frag_incomplete": 2}), "exits")


@script
def tunnel_in_fragments_is_looked_into(run):
    carried = build.udp(50000, 4789, build.vxlan(5, build.ethernet(inner(payload=b"y" * 100))))
    r = run(build.in_order(build.fragments(A, B, UDP, carried, 64, 1)))
    r.datagrams(carried)
    r.flows(1, src_ip="192.168.0.1", dest_port=53)
    r.equal(r.flows(1, src_ip=A)[0]["flow"]["pkts_toserver"], 3, "frames of the flow outside")


@script
def stream_in_a_tunnel_is_followed(run):
    c = Connection(client=("192.168.0.1", 40000), server=("192.168.0.2", 80)).handshake()
    c.client(b"GET").client(b"lost", lost=True).client(b"rest").server(flags=ACK).close()
    packets = [(when, build.ethernet(build.ipv4(A, B, GRE, b"\0\0\x08\0" + frame[14:]))) for when, frame in c.packets]
    run(build.pcap(packets)).stream([b"GET", 4, b"rest"], end="closed")


@script
def nesting_deeper_than_eight_is_counted(run):
    for depth in (8, 9, 20):
        packet = inner()
        for _ in range(depth):
            packet = build.ipv4(A, B, build.IPV4, packet)
        r = run(build.in_order([packet]))
        r.equal(r.stats["tunnel_too_deep"], int(depth > 8), "%d tunnels: too deep" % depth)
        r.flows(int(depth <= 8), src_ip="192.168.0.1")
        r.flows(9)


class Runner:
    """run(capture, *arguments) for one script."""

    def __init__(self, t, name):
        self.t, self.name = t, name

    def __call__(self, data, *args):
        return Result(self.t, self.name, data, *args)


def attempt(job):
    t, function = job
    try:
        function(Runner(t, function.__name__))
    except (LookupError, TypeError, AttributeError, ValueError) as e:
        t.fail("%s: %r" % (function.__name__, e))


def main():
    t = pal.Test()
    scripts = [s for s in SCRIPTS if not sys.argv[1:] or s.__name__ in sys.argv[1:]]
    pal.at_once(attempt, [(t, s) for s in scripts])
    print("%d scripts" % len(scripts))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
