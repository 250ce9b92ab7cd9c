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
        self.start, self.names = flow["flow"]["start"], names


def ours_of(run):
    """(from, to) -> directions that have bytes, in the order of their flows"""
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
    return {way: sorted((d for d in list_ if d.bytes), key=lambda d: d.start) for way, list_ in out.items()}


def theirs_of(want):
    out = collections.defaultdict(list)
    for stream in want.get("tcp_streams") or []:
        for d in stream["directions"]:
            if d.get("stream_bytes"):
                out[endpoint(d["from"]), endpoint(d["to"])].append(d)
    return out


def segments_of(capture):
    """(from, to) -> (sequence number, bytes) of every segment, in the order of arrival"""
    reader, out = model.Reader(), collections.defaultdict(list)
    for linktype, data, wire, time_ns in capture.packets():
        for d in reader.frame(linktype, data, wire, time_ns)[0]:
            if d.segment is not None and d.part.data:
                out[(d.src, d.src_port), (d.dst, d.dst_port)].append((d.segment, d.part.data))
    return out


def rebuild(segments, their):
    """The stream with zeros in its gaps, first byte wins, and which of its bytes were there."""
    first = their["isn"] + 1 if "isn" in their else min(seq for (seq, _), _ in segments)
    filled, there = bytearray(their["stream_bytes"]), bytearray(their["stream_bytes"])
    for (seq, flags), data in segments:
        at = seq + bool(flags & 2) - first
        at = (at + 2**31) % 2**32 - 2**31
        for i, byte in enumerate(data, at):
            if 0 <= i < len(filled) and not there[i]:
                filled[i], there[i] = byte, 1
    return bytes(filled), bytes(b for b, is_there in zip(filled, there) if is_there)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class Check:
    def __init__(self, t):
        self.t, self.same = t, 0
        self.explained = collections.Counter()

    def explain(self, name, why):
        self.explained[name, why] += 1

    def capture(self, name, path, run):
        want = pal.expected(name)
        if not self.t.healthy(run, name, (0, 1)) or want is None:
            return
        self.t.equal(pal.residuals(run.stats()[1]), [], "%s: residuals" % name)
        self.streams(name, path, want, run)
        self.datagrams(name, want, run)

    def streams(self, name, path, want, run):
        ours, theirs = ours_of(run), theirs_of(want)
        self.discarded = run.stats()[1]["streams"].get("discarded", {})
        self.segments = None
        for way in set(ours) | set(theirs):
            mine, tshark = ours.get(way, []), theirs.get(way, [])
            if len(mine) != len(tshark):
                self.other_number(name, way, mine, tshark)
                continue
            for m, d in zip(mine, tshark):
                if not self.direction(name, path, way, m, d, len(tshark)):
                    self.differs(name, way, m, d)

    def direction(self, name, path, way, m, d, nb_streams):
        """Are they the same?"""
        gaps = [tuple(g) for g in d.get("gaps", [])]
        if m.bytes != d["stream_bytes"] or m.gap_bytes != d.get("gap_bytes", 0) or m.gaps != gaps[:MAX_RANGES]:
            return False
        if not gaps:
            same = m.sha256 == d["sha256"]
        elif nb_streams == 1:
            if self.segments is None:
                self.segments = segments_of(pal.capture_in(pal.plain(path)))
            filled, there = rebuild(self.segments[way], d)
            self.t.equal(sha256(filled), d["sha256"], "%s: %s: the model's own stream" % (name, way))
            same = m.sha256 == sha256(there)
        else:
            same = True
        self.same += same
        return same

    def differs(self, name, way, m, d):
        names = m.names & EXPLAINING
        if names:
            self.explain(name, "+".join(sorted(names)))
        else:
            self.t.fail("%s: %s: %s, tshark has %s" % (name, way, vars(m), d))

    def other_number(self, name, way, mine, tshark):
        self.t.fail("%s: %s: %d, tshark has %d" % (name, way, len(mine), len(tshark)))

    def datagrams(self, name, want, run):
        """Frame that completes it, length, SHA-256 of what follows the IP header."""
        mine = collections.Counter(
            (d["pcap_cnt"], d["len"], d["sha256"])
            for d in (e["pal"]["datagram"] for e in run.events("pal_stream_digest") if "datagram" in e["pal"]))
        fragments = want.get("fragments") or {}
        theirs = collections.Counter(
            (d["frame"], d["payload_bytes"], d["payload_sha256"]) for d in fragments.get("reassembled", []))
        if mine != theirs:
            self.t.fail("%s: datagrams: only here %s, only tshark %s" % (name, list(mine - theirs)[:3], list(theirs - mine)[:3]))
        self.t.checks += len(theirs)


def main():
    if not pal.have_corpus():
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % pal.CORPUS)
        return pal.SKIP
    t = pal.Test()
    captures = pal.captures()
    names = [n for n in captures if not sys.argv[1:] or n in sys.argv[1:]]
    args = ("-j", "2", "-p", "stream-digest,flows,anomaly", "--set", "plugin.anomaly.stream=yes")
    runs = pal.at_once(lambda n: pal.run(captures[n], *args), names)
    c = Check(t)
    for name, run in zip(names, runs):
        c.capture(name, captures[name], run)
    print("%d directions of streams are those of tshark" % c.same)
    for (name, why), number in sorted(c.explained.items()):
        print("  %s: %d differ: %s" % (name, number, why))
    t.check(c.same, "no stream could be compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
