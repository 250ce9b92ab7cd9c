# SPDX-License-Identifier: BSD-3-Clause
"""The datagrams of a capture, slowly and obviously: what the program is compared with.

    frame -> model_link -> IP header -> fragment? -> model_defrag -> transport -> tunnel? -> model_tunnels -> the same again

Reader.frame() gives the datagrams that a frame completes, outermost first. Nothing here was taken from the program:
formats are from their RFCs, Community ID from github.com/corelight/community-id-spec.
"""
import base64
import collections
import hashlib
import struct

import model_defrag
import model_link
import model_tunnels
from model_bytes import Bytes, Short

TCP, UDP, ICMP, ICMPV6, SCTP, AH = 6, 17, 1, 58, 132, 51
FRAGMENT, NO_NEXT_HEADER = 44, 59
EXTENSIONS = (0, 43, 60, 135, 139, 140)
# Tunnels one inside the other.
MAX_DEPTH = 8
# Type -> the type that answers it.
ANSWERS = {ICMP: {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}}
ANSWERS[ICMPV6] = {}
for a in (128, 130, 133, 135, 139, 144):
    ANSWERS[ICMPV6][a], ANSWERS[ICMPV6][a + 1] = a + 1, a

# part: what follows the transport header (of TCP: segment = seq, ack, flags); path: the tunnels around, outermost first.
Datagram = collections.namedtuple(
    "Datagram", "version src dst proto src_port dst_port community_id vlans path frames size whole l3 part segment")
Fragment = collections.namedtuple("Fragment", "src dst proto id offset more header next_at")


def community_id(src, dst, proto, src_port, dst_port, with_ports, answered=True, seed=0):
    a, b = (src, src_port), (dst, dst_port)
    if answered and a > b:
        a, b = b, a
    data = struct.pack(">H", seed) + a[0] + b[0] + struct.pack(">BB", proto, 0)
    if with_ports:
        data += struct.pack(">HH", a[1], b[1])
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


class Header:
    """What IP's headers say. part is what follows them, as much as IP says; None where that makes no sense."""

    def __init__(self, version, whole):
        self.version, self.fragment, self.opaque = version, None, False
        if whole.u8(0) >> 4 != version:
            raise Short
        if version == 4:
            self.read_ipv4(whole)
        else:
            self.read_ipv6(whole)

    def read_ipv4(self, b):
        b.need(20)
        header, total = (b.u8(0) & 15) * 4, b.u16(2)
        if header < 20 or 0 < total < header:
            raise Short
        self.src, self.dst, proto = b.data[12:16], b.data[16:20], b.u8(9)
        self.unbounded = total == 0
        whole = b.bound(total) if total else b
        flags = b.u16(6)
        self.part = whole.skip(header)
        if flags & 0x3FFF:
            self.fragment = Fragment(
                self.src, self.dst, proto, b.u16(4), (flags & 0x1FFF) * 8, bool(flags & 0x2000), whole.data[:header], 0)
            self.proto = proto
        else:
            self.chain(proto)

    def read_ipv6(self, b):
        b.need(40)
        length, proto, self.src, self.dst = b.u16(4), b.u8(6), b.data[8:24], b.data[24:40]
        self.unbounded = length == 0
        whole = b.bound(40 + length) if length else b
        self.whole, self.next_at = whole, 6
        self.part = whole.skip(40)
        self.chain(proto)

    def chain(self, proto):
        """Behind extension headers."""
        self.proto = proto
        while True:
            at = None if self.version == 4 else len(self.whole.data) - len(self.part.data)
            if self.version == 6 and self.proto in EXTENSIONS:
                self.part.need(8)
                proto, self.part = self.part.u8(0), self.part.skip((self.part.u8(1) + 1) * 8)
            elif self.version == 6 and self.proto == FRAGMENT:
                self.part.need(8)
                proto, part, ident = self.part.u8(0), self.part.u16(2), self.part.u32(4)
                self.part = self.part.skip(8)
                if part & 0xFFF9:
                    self.fragment = Fragment(
                        self.src, self.dst, proto, ident, part & 0xFFF8, bool(part & 1), self.whole.data[:at], self.next_at)
                    self.proto = proto
                    return
            elif self.proto == AH:
                length = (self.part.u8(1) + 2) * 4 if len(self.part.data) >= 12 else 0
                if length < 12 or length > len(self.part.data):
                    self.opaque = True
                    return
                proto, self.part = self.part.u8(0), self.part.skip(length)
            else:
                return
            self.proto, self.next_at = proto, at


def transport(h):
    """-> (source port, destination port, does anything answer, what follows or None, (seq, ack, flags) of TCP)"""
    b, none = h.part, Bytes(b"", 0)
    if h.opaque:
        return 0, 0, True, none, None
    if h.proto in (ICMP, ICMPV6) and len(b.data) >= 2:
        kind, code = b.data[0], b.data[1]
        if kind in ANSWERS[h.proto]:
            return kind, ANSWERS[h.proto][kind], True, none, None
        return kind, code, False, none, None
    if h.proto not in (TCP, UDP, SCTP):
        return 0, 0, True, b, None
    if len(b.data) < 4:
        return 0, 0, True, none, None
    ports = b.u16(0), b.u16(2), True
    if h.proto == UDP and len(b.data) >= 8:
        length = b.u16(4) or (b.wire if h.unbounded else 0)
        return ports + (b.bound(length).skip(8) if 8 <= length <= b.wire else none, None)
    if h.proto == TCP and len(b.data) >= 20:
        header, segment = (b.data[12] >> 4) * 4, (b.u32(4), b.u32(8), b.data[13])
        if header < 20 or header > b.wire:
            return ports + (none, segment)
        return ports + (b.skip(header) if header <= len(b.data) else Bytes(b"", b.wire - header), segment)
    return ports + (none, None)


class Reader:
    """All of a capture, frame by frame."""

    def __init__(self):
        self.fragments = model_defrag.Table()
        self.unwrapped = [0, 0]  # datagrams and frames out of tunnels, bytes of them on the wire
        self.tunnels = collections.Counter()  # name -> datagrams that carried something that way
        self.too_deep = 0

    def frame(self, linktype, data, wire, time_ns):
        """-> (datagrams that this frame completes, IP header of the fragment that it is and that completes none, or None)"""
        self.found, self.left, self.now_ns = [], None, time_ns
        wire = max(wire, len(data))
        self.follow(("link", linktype), Bytes(data, wire), (), 1, wire)
        return self.found, self.left

    def frame_of(self, kind, part):
        """The datagrams in bytes of that kind (as in model_link)."""
        self.found, self.left, self.now_ns = [], None, 0
        self.follow(kind, part, (), 1, part.wire)
        return self.found

    def finish(self, now_ns):
        self.fragments.finish(now_ns)

    def follow(self, kind, part, path, frames, size):
        try:
            version, vlans, whole = model_link.network(kind, part)
            if version is None:
                return
            h = Header(version, whole)
        except Short:
            return
        if h.fragment is None:
            self.datagram(h, tuple(vlans), path, frames, size, False)
            return
        scope = path, tuple(vlans)
        made = self.fragments.add(scope, version, h.fragment, h.part, size, self.now_ns)
        if made is None:
            self.left = version, h.src, h.dst, h.fragment.proto
            return
        data, wire, frames, size = made
        try:
            h = Header(version, Bytes(data, wire))
        except Short:
            h = None
        if h is None or h.fragment is not None:
            self.fragments.leave(scope, "whole_invalid", frames, size)
            return
        self.datagram(h, tuple(vlans), path, frames, size, True)

    def datagram(self, h, vlans, path, frames, size, whole):
        src_port, dst_port, answered, part, segment = transport(h)
        with_ports = h.proto in (TCP, UDP, SCTP, ICMP, ICMPV6)
        cid = community_id(h.src, h.dst, h.proto, src_port, dst_port, with_ports, answered)
        d = Datagram(
            h.version, h.src, h.dst, h.proto, src_port, dst_port, cid, vlans, path, frames, size, whole, h.part, part, segment)
        self.found.append(d)
        try:
            tunnel = None if h.opaque else model_tunnels.inside(h, src_port, dst_port, part)
        except Short:
            return
        if tunnel is None:
            return
        name, kind, inner = tunnel
        self.tunnels[name] += 1
        if len(path) == MAX_DEPTH:
            self.too_deep += 1
            return
        self.unwrapped[0] += 1
        self.unwrapped[1] += inner.wire
        self.follow(kind, inner, path + (name,), 1, inner.wire)
