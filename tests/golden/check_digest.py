#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `stream-digest` says of every capture: streams and reassembled datagrams are those of tshark.

tshark's side is corpus/expected (see "TCP streams" in its README): there a gap is filled with zeros, here nothing stands
for it. A stream with gaps is therefore rebuilt from the model's segments: with the zeros it must have tshark's SHA-256,
without them ours. Where a direction differs, the flow has an event that says why (EXPLAINING), or a rule below does.
"""
import collections
import hashlib
import ipaddress
import sys

import model
import pal

# What makes PAL leave out bytes, or read others, where tshark takes all segments as they come.
EXPLAINING = {
    "data_after_fin", "out_of_window", "no_ack", "invalid_timestamp", "rst_ignored", "overlap_different_data",
    "syn_other_seq", "synack_other_seq", "synack_wrong_ack", "syn_fin", "limit_flow", "limit_shard",
}
FIN, SYN, RST, ACK = 1, 2, 4, 16
MAX_RANGES = 32  # of gaps that a record lists


def endpoint(text):
    """'[::1]:80' -> (bytes, 80)"""
    host, port = text.rsplit(":", 1)
    return ipaddress.ip_address(host.strip("[]")).packed, int(port)


class Ours:
    """A direction of a flow, as its record has it."""

    def __init__(self, record, key, flow, names):
        d = record["pal"]["stream"][key]
        self.bytes, self.delivered, self.sha256 = d["len"], d["delivered"], d["sha256"]
        self.gaps, self.gap_bytes = [tuple(g) for g in d["gaps"]], d["gap_bytes"]
        self.start, self.vlans, self.names = flow["flow"]["start"], tuple(flow.get("vlan", ())), names


def ours_of(run):
    """(from, to) -> directions, in the order of their flows"""
    flows = {e["flow_id"]: e for e in run.flows()}
    names = collections.defaultdict(set)
    known = {t["known"]: t["event"] for e in run.events("pal_anomaly_totals") for t in e["pal"]["events"] if "known" in t}
    for e in run.events("anomaly", "pal_anomaly"):
        if "flow_id" in e:
            names[e["flow_id"]].add(e["pal"]["event"] if "pal" in e else known[e["anomaly"]["event"]])
    out = collections.defaultdict(list)
    for record in run.events("pal_stream_digest"):
        if "stream" not in record["pal"]:
            continue
        e = flows[record["flow_id"]]
        a = ipaddress.ip_address(e["src_ip"]).packed, e["src_port"]
        b = ipaddress.ip_address(e["dest_ip"]).packed, e["dest_port"]
        for key, way in (("to_server", (a, b)), ("to_client", (b, a))):
            out[way].append(Ours(record, key, e, names[e["flow_id"]]))
    return {way: sorted(list_, key=lambda d: d.start) for way, list_ in out.items()}


def theirs_of(want):
    out = collections.defaultdict(list)
    for stream in want.get("tcp_streams") or []:
        for d in stream["directions"]:
            if d.get("stream_bytes"):
                out[endpoint(d["from"]), endpoint(d["to"])].append(d)
    return out


class Modelled:
    """Segments and datagrams out of fragments, as the model reads the capture."""

    def __init__(self, capture):
        reader = model.Reader()
        self.segments = collections.defaultdict(list)  # (from, to) -> (seq, ack, flags, bytes), in the order of arrival
        self.datagrams = collections.Counter()  # (frame, length, SHA-256 of what follows the IP header)
        for number, (linktype, data, wire, time_ns) in enumerate(capture.packets(), 1):
            for d in reader.frame(linktype, data, wire, time_ns)[0]:
                if d.segment is not None:
                    self.segments[(d.src, d.src_port), (d.dst, d.dst_port)].append(d.segment + (d.part.data,))
                if d.whole:
                    self.datagrams[number, len(d.l3.data), sha256(d.l3.data)] += 1
        self.discarded = reader.fragments.discarded

    def first(self, way, their):
        """Sequence number of the first byte, as tshark has it."""
        if "isn" in their:
            return their["isn"] + 1
        syns = [seq + 1 for seq, _, flags, _ in self.segments[way] if flags & SYN]
        return syns[0] if syns else min(seq for seq, _, _, data in self.segments[way] if data or not their["stream_bytes"])

    def rebuild(self, way, their):
        """The stream with zeros in its gaps, first byte wins; and only those of its bytes that were there."""
        first = self.first(way, their)
        filled, there = bytearray(their["stream_bytes"]), bytearray(their["stream_bytes"])
        for seq, _, flags, data in self.segments[way]:
            at = signed(seq + bool(flags & SYN) - first)
            for i, byte in enumerate(data, at):
                if 0 <= i < len(filled) and not there[i]:
                    filled[i], there[i] = byte, 1
        return bytes(filled), bytes(b for b, is_there in zip(filled, there) if is_there)

    def known_ends(self, way, their):
        """Where the direction ends by its FIN, or by what the other side has acknowledged."""
        first = self.first(way, their)
        ends = [signed(seq - first) + len(data) for seq, _, flags, data in self.segments[way] if flags & FIN]
        ends += [signed(ack - first) for _, ack, flags, _ in self.segments[way[::-1]] if flags & ACK]
        return set(ends)


def signed(diff):
    return (diff + 2**31) % 2**32 - 2**31


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Check:
    def __init__(self, t):
        self.t, self.same, self.wholes = t, 0, 0
        self.explained = collections.Counter()

    def capture(self, name, path, run):
        want = pal.expected(name)
        capture = pal.capture_in(pal.plain(path))
        if not self.t.healthy(run, name, (0, 1)) or want is None or capture is None:
            return
        self.t.equal(pal.residuals(run.stats()[1]), [], "%s: residuals" % name)
        self.name, self.modelled = name, Modelled(capture)
        ours, theirs = ours_of(run), theirs_of(want)
        for way in set(ours) | set(theirs):
            self.way(way, ours.get(way, []), theirs.get(way, []))
        self.datagrams(want, run)

    def way(self, way, mine, tshark):
        all_mine = mine
        if len(mine) != len(tshark):
            mine = [m for m in mine if m.bytes]
        if len(tshark) == 1 and len(mine) == len({m.vlans for m in mine}) > 1:
            # A VLAN makes a connection another one, but not to tshark, which has the same bytes from each.
            tshark = tshark * len(mine)
        if not tshark and len(mine) == 1 and mine[0].delivered == 0:
            # Nothing but bytes that the other side has acknowledged.
            tshark = [{"stream_bytes": 0, "sha256": sha256(b"")}]
        if len(mine) != len(tshark) and not mine and self.left_out(all_mine):
            return
        if len(mine) != len(tshark):
            self.t.fail("%s: %s: %d streams, tshark has %d" % (self.name, way, len(mine), len(tshark)))
            return
        for m, d in zip(mine, tshark):
            if self.equal(way, m, d, len(tshark)):
                self.same += 1
            elif m.bytes == 0 and all(flags & RST for _, _, flags, data in self.modelled.segments[way] if data):
                # tshark counts what a reset carries, and what is behind a header whose length makes no sense.
                self.explained[self.name, "no data but in resets"] += 1
            elif not self.left_out([m]):
                self.t.fail("%s: %s: %s, tshark has %s" % (self.name, way, vars(m), d))

    def left_out(self, mine):
        """Have they events that explain a difference?"""
        names = set.union(set(), *(m.names for m in mine)) & EXPLAINING
        if names:
            self.explained[self.name, "+".join(sorted(names))] += 1
        return names

    def equal(self, way, m, d, nb_streams):
        gaps, length = [tuple(g) for g in d.get("gaps", [])], d["stream_bytes"]
        gap_bytes = d.get("gap_bytes", 0)  # of all; it lists so many at most
        if m.bytes > length and m.bytes in self.modelled.known_ends(way, d):
            # tshark ends a stream with the last byte it saw.
            gaps, gap_bytes = gaps + [(length, m.bytes - length)], gap_bytes + m.bytes - length
            length = m.bytes
            self.explained[self.name, "bytes behind tshark's last, which a FIN or the other side knows of"] += 1
        if m.bytes != length or m.gaps != gaps[:MAX_RANGES] or m.gap_bytes != gap_bytes:
            return False
        if not d.get("gaps"):
            return m.sha256 == d["sha256"]
        if nb_streams > 1:
            return True
        filled, there = self.modelled.rebuild(way, d)
        self.t.equal(sha256(filled), d["sha256"], "%s: %s: the model's own stream" % (self.name, way))
        return m.sha256 == sha256(there)

    def datagrams(self, want, run):
        """Frame that completes it, length, SHA-256 of what follows the IP header: the model's, and tshark's."""
        mine = collections.Counter(
            (d["pcap_cnt"], d["len"], d["sha256"])
            for d in (e["pal"]["datagram"] for e in run.events("pal_stream_digest") if "datagram" in e["pal"]))
        self.t.equal(mine, self.modelled.datagrams, "%s: datagrams of the model" % self.name)
        fragments = want.get("fragments") or {}
        theirs = collections.Counter(
            (d["frame"], d["payload_bytes"], d["payload_sha256"]) for d in fragments.get("reassembled", []))
        self.wholes += sum((mine & theirs).values())
        nb_theirs = fragments.get("datagrams_reassembled", 0)
        if nb_theirs > sum(theirs.values()):  # it lists so many at most
            self.t.check(sum(mine.values()) == nb_theirs and not theirs - mine, "%s: datagrams" % self.name)
            return
        # RFC 5722 and RFC 8200 section 4.5 discard what tshark puts together; where fragments conflict it reads another one.
        why = "discarded" if self.modelled.discarded else "ip.overlap.conflict"
        if mine != theirs and (self.modelled.discarded or why in fragments.get("frames_marked", {})):
            self.t.check(len(mine) <= len(theirs), "%s: more datagrams than tshark has" % self.name)
            self.explained[self.name, "datagrams: " + why] += sum((theirs - mine).values())
        else:
            self.t.equal(mine, theirs, "%s: datagrams" % self.name)


def main():
    if not pal.have_corpus():
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % pal.CORPUS)
        return pal.SKIP
    t = pal.Test()
    captures = pal.captures()
    names = [n for n in captures if not sys.argv[1:] or n in sys.argv[1:]]
    # tshark keeps the first byte where two were sent.
    args = ("-j", "2", "-p", "stream-digest,flows,anomaly", "--set", "plugin.anomaly.stream=yes",
            "--set", "stream.policy=first", "--set", "defrag.policy=first")
    runs = pal.at_once(lambda n: pal.run(captures[n], *args), names)
    c = Check(t)
    for name, run in zip(names, runs):
        c.capture(name, captures[name], run)
    print("%d directions of streams and %d datagrams are those of tshark" % (c.same, c.wholes))
    for (name, why), number in sorted(c.explained.items()):
        print("  %s: %d differ: %s" % (name, number, why))
    t.check(c.same and c.wholes, "no stream could be compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
