# SPDX-License-Identifier: BSD-3-Clause
"""Conversations of application protocols, as captures of any segmentation, and the records that come of them."""
import build
import pal

# Bytes of a segment; None: a message a segment.
STEPS = (1, 7, 100, 1460, None)


def udp_talk(port, messages):
    """messages: (from the server?, bytes)"""
    datagrams = []
    for from_server, payload in messages:
        ends = (build.B, build.A, port, 40000) if from_server else (build.A, build.B, 40000, port)
        datagrams.append(build.ipv4(ends[0], ends[1], build.UDP, build.udp(ends[2], ends[3], payload)))
    return build.in_order(datagrams)


def tcp_talk(port, messages, step=None):
    """The same over TCP, with handshake and end, in segments of `step` bytes."""
    c = build.Connection(server=(build.B, port))
    c.send(0, build.SYN)
    c.send(1, build.SYN | build.ACK)
    c.send(0, build.ACK)
    for from_server, payload in messages:
        size = step or len(payload)
        for at in range(0, len(payload), size):
            c.send(int(from_server), build.ACK | build.PSH, payload[at : at + size])
    c.send(0, build.FIN | build.ACK)
    c.send(1, build.FIN | build.ACK)
    c.send(0, build.ACK)
    return build.pcap(c.packets)


def bodies(run, kind):
    """The body of each record of a kind, in the order of their packets."""
    return [e[kind] for e in sorted(run.events(kind), key=lambda e: e["pcap_cnt"])]


def check(t, name, kind, capture, want, *args):
    """One run: the records of a kind have these bodies. -> the run, or None where it failed."""
    run = pal.run(pal.write_file("talk.pcap", capture), *args)
    if not t.healthy(run, name):
        return None
    got = bodies(run, kind)
    t.equal(len(got), len(want), "%s: records" % name)
    for n, (theirs, ours) in enumerate(zip(want, got)):
        differ = sorted(k for k in theirs.keys() | ours.keys() if theirs.get(k) != ours.get(k))
        t.check(not differ, "%s: record %d: %s" % (name, n, [(k, theirs.get(k), ours.get(k)) for k in differ][:3]))
    return run


def apps_of(run):
    return sorted(f.get("app_proto", "") for f in run.flows())


def tlv(ident, *parts):
    """An element of BER, definite length."""
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else b"\x82" + len(body).to_bytes(2, "big")
    return bytes([ident]) + length + body


def integer(value, ident=2):
    return tlv(ident, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def text(value, ident=4):
    return tlv(ident, value if isinstance(value, bytes) else value.encode())
