# SPDX-License-Identifier: BSD-3-Clause
"""From a link type, an ethertype or a PPP protocol to the IP header: layers below IP, of the model.

network(kind, bytes) -> (IP version, VLAN ids, bytes from the IP header on); version is None where there is none.
A kind is ("link", LINKTYPE_), ("type", ethertype), ("ppp", protocol) or the name of a function below.
"""
import struct

from model_bytes import Short

MAX_LAYERS = 32
ETHERTYPES = {
    0x8100: "vlan", 0x88A8: "vlan", 0x9100: "vlan", 0x8847: "mpls", 0x8848: "mpls", 0x8864: "pppoe", 0x880B: "ppp",
    0x6558: "ethernet", 0x8909: "cisco_metadata", 0x894F: "nsh",
}
LINKS = {
    0: "null", 1: "ethernet", 9: "ppp", 12: "raw", 14: "raw", 101: "raw", 104: "hdlc", 105: "wlan", 108: "null", 113: "sll",
    127: "radiotap", 228: 4, 229: 6, 239: "nflog", 276: "sll2",
}
NSH_NEXT = {1: 4, 2: 6, 3: "ethernet", 4: "nsh", 5: "mpls"}


def ethernet(b, vlans):
    return ("type", b.u16(12)), b.skip(14)


def vlan(b, vlans):
    vlans.append(b.u16(0) & 0xFFF)
    return ("type", b.u16(2)), b.skip(4)


def llc(b, vlans):
    """IEEE 802.2; with SNAP an ethertype may follow."""
    b.need(8)
    if b.data[:3] != b"\xaa\xaa\x03" or b.data[3:6] not in (b"\0\0\0", b"\0\0\xf8") or b.u16(6) < 0x0600:
        return None, b
    return ("type", b.u16(6)), b.skip(8)


def mpls(b, vlans):
    """RFC 3032, RFC 4928 section 3: what follows the stack says by its first nibble what it may be."""
    while True:
        entry, b = b.u32(0), b.skip(4)
        if entry & 0x100:
            break
    if entry >> 12 in (0, 2):
        return (4 if entry >> 12 == 0 else 6), b
    nibble = b.u8(0) >> 4
    if nibble in (4, 6):
        return nibble, b
    return "ethernet", (b.skip(4) if nibble == 0 else b)


def pppoe(b, vlans):
    """RFC 2516"""
    if b.u8(0) != 0x11 or b.u8(1) != 0:
        return None, b
    return "ppp", b.skip(6).bound(b.u16(4))


def ppp(b, vlans):
    """RFC 1661 section 6.5 and 6.6: address and control may be left out, and the first byte of the protocol."""
    if b.data[:2] == b"\xff\x03":
        b = b.skip(2)
    if b.u8(0) & 1:
        return ("ppp", b.u8(0)), b.skip(1)
    return ("ppp", b.u16(0)), b.skip(2)


def cisco_metadata(b, vlans):
    """Version, length, one option of 2 bytes and its value of 2: then an ethertype."""
    return ("type", b.u16(6)), b.skip(8)


def nsh(b, vlans):
    """RFC 8300 section 2.2"""
    length = (b.u8(1) & 63) * 4
    if b.u8(0) >> 6 or length < 8:
        return None, b
    return NSH_NEXT.get(b.u8(3)), b.skip(length)


def sll(b, vlans):
    return cooked(b.u16(2), b.u16(14), b.skip(16))


def sll2(b, vlans):
    return cooked(b.u16(8), b.u16(0), b.skip(20))


def cooked(device, protocol, b):
    if device in (770, 803, 824):
        return None, b
    if protocol == 4:
        return "llc", b
    return (("type", protocol) if protocol >= 0x0600 else None), b


def null(b, vlans):
    b.need(4)
    family = min(struct.unpack("<I", b.data[:4])[0], struct.unpack(">I", b.data[:4])[0])
    return {2: 4, 10: 6, 24: 6, 28: 6, 30: 6}.get(family), b.skip(4)


def raw(b, vlans):
    return {4: 4, 6: 6}.get(b.u8(0) >> 4), b


def hdlc(b, vlans):
    return ("type", b.u16(2)), b.skip(4)


def nflog(b, vlans):
    """A family, then attributes (length, type, value, padding), one of which is the datagram."""
    version, b = {2: 4, 10: 6}.get(b.u8(0)), b.skip(4)
    while b.data:
        b.need(4)
        length, kind = struct.unpack("<HH" if b.data[3] == 0 else ">HH", b.data[:4])
        if length < 4:
            raise Short
        if kind == 9:
            return version, b.skip(4).bound(length - 4)
        b = b.skip((length + 3) // 4 * 4)
    return None, b


def radiotap(b, vlans):
    b.need(8)
    length, present = struct.unpack("<HI", b.data[2:8])
    # The flags are the byte behind the time stamp: 0x10 says that the frame ends with its FCS.
    words, word = 1, present
    while word & 1 << 31:
        word = struct.unpack("<I", b.data[4 + 4 * words : 8 + 4 * words])[0]
        words += 1
    at = 4 + 4 * words
    if present & 1:
        at = (at + 7) // 8 * 8 + 8
    flags = b.u8(at) if present & 2 else 0
    b = b.skip(length)
    return "wlan", (b.bound(b.wire - 4) if flags & 0x10 else b)


def wlan(b, vlans):
    """IEEE 802.11 data frames that are not protected."""
    b.need(24)
    if b.data[0] & 0x4F != 0x08 or b.data[1] & 0x44:
        return None, b
    length = 24 + (6 if b.data[1] & 3 == 3 else 0)
    if b.data[0] & 0x80:
        length += 6 if b.data[1] & 0x80 else 2
    return "llc", b.skip(length)


def step(kind, b, vlans):
    if kind is None or kind in (4, 6):
        return kind, b
    if isinstance(kind, tuple):
        space, number = kind
        if space == "link":
            return LINKS.get(number), b
        if space == "ppp":
            return {0x21: 4, 0x57: 6, 0x281: "mpls", 0x283: "mpls"}.get(number), b
        if number <= 1500:
            return "llc", b.bound(number)
        return {0x0800: 4, 0x86DD: 6}.get(number) or ETHERTYPES.get(number), b
    return globals()[kind](b, vlans)


def network(kind, b):
    vlans = []
    for _ in range(3 * MAX_LAYERS):
        if kind is None or kind in (4, 6):
            return kind, vlans, b
        kind, b = step(kind, b, vlans)
    return None, vlans, b
