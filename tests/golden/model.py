# SPDX-License-Identifier: BSD-3-Clause
"""The outermost flow of a frame, slowly and obviously: what the program's decoding is compared with.

outer(linktype, bytes) gives an Outer, or None where there is no datagram that PAL reads today. Nothing here was
taken from the program: formats are from their RFCs, Community ID from github.com/corelight/community-id-spec.
"""
import base64
import collections
import hashlib
import struct

Outer = collections.namedtuple("Outer", "community_id src dst proto src_port dst_port vlans fragment")

TCP, UDP, ICMP, ICMPV6, SCTP, AH = 6, 17, 1, 58, 132, 51
EXTENSIONS = (0, 43, 60, 135, 139, 140)
# Type -> the type that answers it.
ANSWERS = {ICMP: {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}}
ANSWERS[ICMPV6] = {}
for a in (128, 130, 133, 135, 139, 144):
    ANSWERS[ICMPV6][a], ANSWERS[ICMPV6][a + 1] = a + 1, a


def be16(b, at):
    return struct.unpack_from(">H", b, at)[0]


def ethertype(b, at, number, vlans):
    """-> (ethertype, where its payload starts)"""
    while True:
        if number in (0x8100, 0x88A8, 0x9100):
            vlans.append(be16(b, at) & 0xFFF)
            number, at = be16(b, at + 2), at + 4
        elif number < 0x0600:  # IEEE 802.3: a length, then LLC; with SNAP an ethertype may follow
            if b[at : at + 3] != b"\xaa\xaa\x03" or b[at + 3 : at + 6] not in (b"\0\0\0", b"\0\0\xf8"):
                return None, at
            number, at = be16(b, at + 6), at + 8
            if number < 0x0600:
                return None, at
        else:
            return number, at


def network(linktype, b, vlans):
    """-> (IP version or None, offset of its header)"""
    if linktype == 1:
        number, at = ethertype(b, 14, be16(b, 12), vlans)
    elif linktype in (113, 276):
        kind, protocol, at = (be16(b, 2), be16(b, 14), 16) if linktype == 113 else (be16(b, 8), be16(b, 0), 20)
        if kind in (770, 803, 824) or (protocol < 0x0600 and protocol != 4):
            return None, 0
        number, at = ethertype(b, at, protocol, vlans)
    elif linktype in (0, 108):
        family = min(struct.unpack_from("<I", b, 0)[0], struct.unpack_from(">I", b, 0)[0])
        return ({2: 4, 10: 6, 24: 6, 28: 6, 30: 6}.get(family), 4)
    elif linktype in (12, 14, 101):
        return (b[0] >> 4 if b[0] >> 4 in (4, 6) else None, 0)
    elif linktype in (228, 229):
        return (4 if linktype == 228 else 6), 0
    else:
        return None, 0
    return {0x0800: 4, 0x86DD: 6}.get(number), at


def need(b, at, length):
    if at + length > len(b):
        raise IndexError


def transport(b, at, proto, version):
    """Behind extension headers: -> (protocol, offset, is it a fragment); IndexError where one is cut off."""
    while True:
        if version == 6 and proto in EXTENSIONS:
            need(b, at, 8)
            need(b, at, (b[at + 1] + 1) * 8)
            proto, at = b[at], at + (b[at + 1] + 1) * 8
        elif version == 6 and proto == 44:
            need(b, at, 8)
            part = be16(b, at + 2) & 0xFFF9
            proto, at = b[at], at + 8
            if part:
                return proto, at, True
        elif proto == AH:
            if len(b) < at + 12 or at + (b[at + 1] + 2) * 4 > len(b) or b[at + 1] < 1:
                return proto, at, False
            proto, at = b[at], at + (b[at + 1] + 2) * 4
        else:
            return proto, at, False


def ports(b, at, proto):
    """-> (of the sender, of the other, does anything answer)"""
    b = b[at:]
    if proto in (ICMP, ICMPV6) and len(b) >= 2:
        if b[0] in ANSWERS[proto]:
            return b[0], ANSWERS[proto][b[0]], True
        return b[0], b[1], False
    if proto in (TCP, UDP, SCTP) and len(b) >= 4:
        return be16(b, 0), be16(b, 2), True
    return 0, 0, True


def community_id(src, dst, proto, src_port, dst_port, with_ports, answered, seed=0):
    a, b = (src, src_port), (dst, dst_port)
    if answered and a > b:
        a, b = b, a
    data = struct.pack(">H", seed) + a[0] + b[0] + struct.pack(">BB", proto, 0)
    if with_ports:
        data += struct.pack(">HH", a[1], b[1])
    return "1:" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def outer(linktype, b):
    vlans = []
    try:
        version, at = network(linktype, b, vlans)
        if version is None or b[at] >> 4 != version:
            return None
        if version == 4:
            header, total = (b[at] & 15) * 4, be16(b, at + 2)
            src, dst, proto = b[at + 12 : at + 16], b[at + 16 : at + 20], b[at + 9]
            if len(b) < at + max(header, 20) or header < 20 or 0 < total < header:
                return None
            fragment = bool(be16(b, at + 6) & 0x3FFF)
            b, at = (b[: at + total] if total else b), at + header
            if not fragment:
                proto, at, _ = transport(b, at, proto, 4)
        else:
            length, proto, src, dst = be16(b, at + 4), b[at + 6], b[at + 8 : at + 24], b[at + 24 : at + 40]
            if len(b) < at + 40:
                return None
            b, at = (b[: at + 40 + length] if length else b), at + 40
            proto, at, fragment = transport(b, at, proto, 6)
    except (IndexError, struct.error):
        return None
    src_port, dst_port, answered = (0, 0, True) if fragment else ports(b, at, proto)
    with_ports = proto in (TCP, UDP, SCTP, ICMP, ICMPV6) and not fragment
    cid = community_id(src, dst, proto, src_port, dst_port, with_ports, answered)
    return Outer(cid, src, dst, proto, src_port, dst_port, tuple(vlans), fragment)
