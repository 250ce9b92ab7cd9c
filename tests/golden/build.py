# SPDX-License-Identifier: BSD-3-Clause
"""Captures made from readable calls: build.pcap([(time, build.ethernet(build.ipv4(...))), ...]).

Checksums are left 0: the program does not look at them unless it is told to.
"""
import ipaddress
import struct

TCP, UDP, GRE, IPV4, IPV6, FRAGMENT = 6, 17, 47, 4, 41, 44
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
A, B = "10.0.0.1", "10.0.0.2"
START = 1_600_000_000


def packed(address):
    return ipaddress.ip_address(address).packed


def ethernet(payload, vlan=None):
    kind = b"\x86\xdd" if payload[0] >> 4 == 6 else b"\x08\x00"
    tag = b"\x81\x00" + struct.pack(">H", vlan) if vlan is not None else b""
    return b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + tag + kind + payload


def ipv4(src, dst, proto, payload, ident=0, offset=0, more=False):
    flags = (offset // 8) | (0x2000 if more else 0)
    return struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, flags, 64, proto, 0, packed(src), packed(dst)) + payload


def ipv6(src, dst, proto, payload):
    return struct.pack(">IHBB16s16s", 6 << 28, len(payload), proto, 64, packed(src), packed(dst)) + payload


def udp(src_port, dst_port, payload):
    return struct.pack(">HHHH", src_port, dst_port, 8 + len(payload), 0) + payload


def tcp(src_port, dst_port, seq, ack, flags, payload=b"", window=65535, options=b""):
    words = 5 + len(options) // 4
    return struct.pack(
        ">HHIIBBHHH", src_port, dst_port, seq % 2**32, ack % 2**32, words << 4, flags, window, 0, 0) + options + payload


def vxlan(vni, frame):
    return struct.pack(">II", 0x08000000, vni << 8) + frame


def geneve(vni, datagram):
    return struct.pack(">BBHI", 0, 0, 0x0800, vni << 8) + datagram


def gtpu(teid, datagram):
    return struct.pack(">BBHI", 0x30, 255, len(datagram), teid) + datagram


def fragments(src, dst, proto, payload, size, ident):
    """An IPv4 datagram in fragments of so many bytes, in order."""
    parts = range(0, len(payload), size)
    return [ipv4(src, dst, proto, payload[at : at + size], ident, at, at + size < len(payload)) for at in parts]


def fragments6(src, dst, proto, payload, size, ident):
    def header(at):
        return struct.pack(">BBHI", proto, 0, at | (at + size < len(payload)), ident)

    return [ipv6(src, dst, FRAGMENT, header(at) + payload[at : at + size]) for at in range(0, len(payload), size)]


def pcap(packets, linktype=1):
    """A file of (seconds from START, bytes) or (seconds, bytes, length on the wire)."""
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, linktype)]
    for when, data, *wire in packets:
        us = round((START + when) * 1e6)
        out.append(struct.pack("<IIII", us // 10**6, us % 10**6, len(data), wire[0] if wire else len(data)) + data)
    return b"".join(out)


def in_order(datagrams, gap=0.001):
    """Each in a frame of its own, a millisecond apart."""
    return pcap([(i * gap, ethernet(d)) for i, d in enumerate(datagrams)])


class Connection:
    """Both ends of a TCP connection: calls append packets; what is said is counted, what is lost is not appended."""

    def __init__(self, client=(A, 40000), server=(B, 80), isn=(1000, 5000)):
        self.ends = client, server
        self.seq = list(isn)  # next of client and server
        self.packets, self.now = [], 0.0

    def send(self, who, flags, payload=b"", seq=None, ack=None, lost=False, after=0.001):
        """One segment; seq and ack default to what is next."""
        self.now += after
        (src, src_port), (dst, dst_port) = self.ends[who], self.ends[1 - who]
        at = self.seq[who] if seq is None else seq
        acked = self.seq[1 - who] if ack is None else ack
        segment = tcp(src_port, dst_port, at, acked if flags & ACK else 0, flags, payload)
        if not lost:
            self.packets.append((self.now, ethernet(ipv4(src, dst, TCP, segment))))
        if seq is None:
            self.seq[who] += len(payload) + bool(flags & SYN) + bool(flags & FIN)
        return self

    def client(self, payload=b"", flags=ACK | PSH, **more):
        return self.send(0, flags, payload, **more)

    def server(self, payload=b"", flags=ACK | PSH, **more):
        return self.send(1, flags, payload, **more)

    def handshake(self):
        return self.client(flags=SYN).server(flags=SYN | ACK).client(flags=ACK)

    def close(self):
        return self.client(flags=FIN | ACK).server(flags=FIN | ACK).client(flags=ACK)

    def file(self):
        return pcap(self.packets)
