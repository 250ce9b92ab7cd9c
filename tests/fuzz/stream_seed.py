#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the TCP connections of captures as inputs of fuzz_stream.

    usage: stream_seed.py FOLDER CAPTURE...

One input a connection, of its first 60 packets; of each packet no more than 24 bytes of payload, as if the capture
had cut it there. Ethernet and raw IPv4 alone: what is fuzzed is not what carries the connection.
"""
import hashlib
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import pal

PACKETS = 60
PAYLOAD = 24


def ipv4_of(linktype, data):
    if linktype == 1 and data[12:14] == b"\x08\x00":
        return data[14:]
    return data if linktype in (101, 228) else b""


def segments(path):
    """(connection, packet as fuzz_stream reads it)"""
    capture = pal.capture_in(pal.plain(path))
    for linktype, data, _ in capture.packets() if capture else ():
        ip = ipv4_of(linktype, data)
        if len(ip) < 20 or ip[0] >> 4 != 4 or ip[9] != 6 or ip[6] & 0x3F or ip[7]:
            continue
        tcp = ip[(ip[0] & 15) * 4 :]
        if len(tcp) < 20 or len(tcp) < (tcp[12] >> 4) * 4 or tcp[12] >> 4 < 5:
            continue
        header = (tcp[12] >> 4) * 4
        wire = max(0, struct.unpack(">H", ip[2:4])[0] - (ip[0] & 15) * 4 - header)
        payload = tcp[header : header + min(PAYLOAD, wire)]
        ends = [ip[12:16] + tcp[0:2], ip[16:20] + tcp[2:4]]
        who = int(ends[0] > ends[1])
        head = bytes([who | (header - 20) // 4 << 1, tcp[13]]) + tcp[4:12] + tcp[14:16]
        yield tuple(sorted(ends)), head + struct.pack(">HH", wire, len(payload)) + tcp[20:header] + payload


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for path in sys.argv[2:]:
        connections = {}
        for ends, packet in segments(path):
            connections.setdefault(ends, []).append(packet)
        for number, packets in enumerate(connections.values()):
            data = bytes([number % 15, 31, 4, 0]) + b"".join(packets[:PACKETS])
            with open(os.path.join(sys.argv[1], hashlib.sha1(data).hexdigest()), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
