# SPDX-License-Identifier: BSD-3-Clause
"""What a datagram's payload may be but data: tunnels, of the model.

inside(header, ports, payload) -> (name, kind as in model_link, bytes from there on), or None.
"""
IPV4, IPV6, GRE, L2TP = 4, 41, 47, 115


def inside(h, src_port, dst_port, part):
    if h.proto == IPV4:
        return ("ipip" if h.version == 4 else "4in6", 4, part) if part.data[:1] and part.data[0] >> 4 == 4 else None
    if h.proto == IPV6:
        return ("6in4" if h.version == 4 else "6in6", 6, part) if part.data[:1] and part.data[0] >> 4 == 6 else None
    if h.proto == GRE:
        return gre(part)
    if h.proto == 17:
        return on_udp(src_port, dst_port, part)
    return None


def gre(b):
    """RFC 2784, RFC 2890; version 1: RFC 2637"""
    flags, protocol = b.u16(0), b.u16(2)
    if flags & 7 == 1:
        return pptp(b, flags, protocol)
    if flags & 7 or flags & 0x4000:
        return None
    b = b.skip(8 if flags & 0x8000 else 4)
    key = None
    if flags & 0x2000:
        key, b = b.u32(0), b.skip(4)
    if flags & 0x1000:
        b = b.skip(4)
    if protocol in (0x88BE, 0x22EB):
        return erspan(b, protocol, flags & 0x1000)
    if protocol == 0x8909:
        # Cisco's metadata says first what follows it.
        protocol, b = b.u16(0), b.skip(8)
    elif protocol < 0x0600:
        return None
    # 0x2000 is CDP: unwrapped, and no datagram.
    if protocol not in (0x0800, 0x86DD, 0x6558, 0x880B, 0x8847, 0x8848, 0x2000):
        return None
    return ("nvgre" if is_nvgre(flags, key, protocol) else "gre"), ("type", protocol), b


def is_nvgre(flags, key, protocol):
    """RFC 7637 section 3.2: no checksum, a key and no sequence number, network ids from 0x1000 on."""
    return protocol == 0x6558 and flags & 0xB000 == 0x2000 and key >> 8 >= 0x1000 and key & 0xFFFFFF


def pptp(b, flags, protocol):
    if protocol != 0x880B or not flags & 0x2000 or not flags & 0x1000:
        return None
    length, b = b.u16(4), b.skip(16 if flags & 0x80 else 12)
    return ("pptp", "ppp", b.bound(length)) if length <= b.wire else None


def erspan(b, protocol, sequence):
    if protocol == 0x88BE and not sequence:
        return "erspan1", "ethernet", b
    if b.u8(0) >> 4 == 1:
        return "erspan2", "ethernet", b.skip(8)
    if b.u8(0) >> 4 == 2 and b.u8(10) >> 2 & 31 == 0:
        return "erspan3", "ethernet", b.skip(20 if b.u8(11) & 1 else 12)
    return None


def on_udp(src_port, dst_port, b):
    ports = {src_port, dst_port}
    if 2152 in ports:
        return gtpu(b)
    if 3544 in ports:
        return teredo(b)
    if dst_port in (4789, 8472):
        # RFC 7348 section 5
        return ("vxlan", "ethernet", b.skip(8)) if b.u32(0) == 0x08000000 else None
    if dst_port == 4790:
        # draft-ietf-nvo3-vxlan-gpe: the next protocols of NSH
        kind = {0: "ethernet", 1: 4, 2: 6, 3: "ethernet", 4: "nsh", 5: "mpls"}.get(b.u8(3))
        return ("vxlan_gpe", kind, b.skip(8)) if b.u8(0) & 0x38 == 8 and kind is not None else None
    if dst_port == 6081:
        # RFC 8926 section 3.4
        kind = b.u16(2)
        b = b.skip(8 + (b.u8(0) & 63) * 4) if b.u8(0) >> 6 == 0 else None
        return ("geneve", ("type", kind), b) if b is not None and kind in (0x0800, 0x86DD, 0x6558, 0x880B) else None
    if 1701 in ports:
        return l2tp(b)
    return None


def gtpu(b):
    """3GPP TS 29.281 section 5"""
    if b.u8(0) & 0xF0 != 0x30 or b.u8(1) != 255 or b.u16(2) > b.wire - 8:
        return None
    flags, b = b.u8(0), b.skip(8).bound(b.u16(2))
    if flags & 7:
        kind, b = b.u8(3), b.skip(4)
        while flags & 4 and kind:
            length = b.u8(0) * 4
            if length == 0:
                return None
            kind, b = b.u8(length - 1), b.skip(length)
    version = b.u8(0) >> 4
    return ("gtpu", version, b) if version in (4, 6) else None


def teredo(b):
    """RFC 4380 section 5.1.1"""
    if b.u16(0) == 1:
        b = b.skip(13 + b.u8(2) + b.u8(3))
    if b.u16(0) == 0:
        b = b.skip(8)
    b.need(40)
    if b.data[0] >> 4 != 6 or b.u16(4) + 40 > b.wire:
        return None
    for at in (8, 24):
        if b.u32(at) == 0x20010000 or b.u16(at) & 0xFFC0 == 0xFE80:
            return "teredo", 6, b
    return None


def l2tp(b):
    """RFC 2661 section 3.1, data messages"""
    flags, start = b.u16(0), b.wire
    if flags & 0x8000 or flags & 15 != 2 or flags & 0x34F0:
        return None
    length, b = (b.u16(2), b.skip(4)) if flags & 0x4000 else (None, b.skip(2))
    b = b.skip(8 if flags & 0x0800 else 4)
    if flags & 0x0200:
        b = b.skip(2 + b.u16(0))
    if length is not None:
        left = length - (start - b.wire)
        if left < 0 or left > b.wire:
            return None
        b = b.bound(left)
    return "l2tp", "ppp", b
