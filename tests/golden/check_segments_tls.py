#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""TLS does not depend on segments: captures whose TCP payload is cut anew, into segments of 1, 7, 100 and 1460 bytes and
with neighbours changed, give the same records, but for the packet that completes them.
"""
import os
import random
import struct
import sys

import pal

CAPTURES = ("tls-1.2.pcap", "tls-quic.pcap", "tls_ciphers.pcap", "top_100_fingerprints.pcap", "tls-subjectaltname.pcap")
ETHERNET = 1


def tcp_of(frame):
    """Offsets of the IP header and of the TCP header, IP version; None where there is no whole TCP segment."""
    if len(frame) < 54:
        return None
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and frame[14] >> 4 == 4 and frame[23] == 6 and struct.unpack_from("!H", frame, 20)[0] & 0x3FFF == 0:
        return 14, 14 + (frame[14] & 15) * 4, 4
    if kind == 0x86DD and frame[20] == 6:
        return 14, 54, 6
    return None


def cut(frame, size):
    """The same bytes in frames of at most `size` bytes of payload."""
    at = tcp_of(frame)
    if at is None:
        return [frame]
    ip, tcp, version = at
    start = tcp + (frame[tcp + 12] >> 4) * 4
    end = ip + struct.unpack_from("!H", frame, ip + 2)[0] if version == 4 else tcp + struct.unpack_from("!H", frame, ip + 4)[0]
    flags = frame[tcp + 13]
    if end > len(frame) or end - start <= size or flags & 6:
        return [frame]
    seq = struct.unpack_from("!I", frame, tcp + 4)[0]
    parts = []
    for offset in range(start, end, size):
        head, payload = bytearray(frame[:start]), frame[offset : min(offset + size, end)]
        struct.pack_into("!I", head, tcp + 4, (seq + offset - start) & 0xFFFFFFFF)
        if offset + size < end:
            head[tcp + 13] &= ~1  # FIN is for the last one
        if version == 4:
            struct.pack_into("!H", head, ip + 2, start - ip + len(payload))
        else:
            struct.pack_into("!H", head, ip + 4, start - tcp + len(payload))
        parts.append(bytes(head) + payload)
    return parts


def resegment(data, size, shuffle):
    """A capture of the same connections in other segments."""
    capture, out, rng = pal.capture_in(data), [], random.Random(size)
    for linktype, frame, wire, now_ns in capture.packets():
        if linktype != ETHERNET:
            return None
        parts = cut(frame, size) if len(frame) == wire else [frame]
        for i in range(len(parts) - 1):
            if shuffle and rng.random() < 0.05:
                parts[i], parts[i + 1] = parts[i + 1], parts[i]
        for part in parts:
            length = len(part) + wire - len(frame) if len(parts) == 1 else len(part)
            out.append(struct.pack("<IIII", now_ns // 10**9, now_ns % 10**9, len(part), length) + part)
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, ETHERNET) + b"".join(out)


def records(run):
    """What is told of TLS, without what depends on where packets begin."""
    found = []
    for e in run.events("tls", "pal_tls", "anomaly"):
        if e["event_type"] == "anomaly" and e["anomaly"]["type"] != "applayer":
            continue
        found.append(str({k: v for k, v in e.items() if k not in ("timestamp", "pcap_cnt", "flow_id", "pcap_filename")}))
    return sorted(found)


def main():
    t = pal.Test()
    captures = pal.captures()
    captures.update(pal.small_captures())
    cases = []
    for name in (n for n in CAPTURES if n in captures):
        data = pal.plain(captures[name])
        for size, shuffle in ((1, False), (7, False), (7, True), (100, False), (100, True), (1460, False)):
            if size == 1 and len(data) > 400000:
                continue  # every byte a frame: too many for a test
            again = resegment(data, size, shuffle)
            if again is not None:
                cases.append((name, "%d bytes%s" % (size, ", reordered" if shuffle else ""), pal.write_file(name, again)))
    whole = {name: records(pal.run(captures[name], "-p", "tls,anomaly")) for name in {c[0] for c in cases}}
    runs = pal.at_once(lambda c: pal.run(c[2], "-p", "tls,anomaly"), cases)
    for (name, what, _), run in zip(cases, runs):
        if t.healthy(run, "%s: %s" % (name, what)):
            got = records(run)
            t.check(got == whole[name], "%s: %s: %d records, not %d: %s" % (
                name, what, len(got), len(whole[name]), sorted(set(got) ^ set(whole[name]))[:2]))
    t.check(any(whole.values()), "no records")
    print("%d captures, %d of other segments" % (len(whole), len(cases)))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
