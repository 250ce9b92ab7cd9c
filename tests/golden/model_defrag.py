# SPDX-License-Identifier: BSD-3-Clause
"""Fragments to datagrams, of the model: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722.

Where IPv4 fragments overlap, the first one keeps each block of 8 bytes that it begins. Everything is kept; time is that
of the packets.
"""
TIMEOUT_NS = {4: 30 * 10**9, 6: 60 * 10**9}


class Incomplete:
    def __init__(self, now_ns):
        self.begun_ns = now_ns
        self.blocks, self.pieces = {}, {}  # block number -> bytes, (offset, bytes)s that came
        self.end = self.header = None
        self.frames = self.size = 0
        self.discarded = False
        self.last = None  # the piece that completed it


class Table:
    def __init__(self):
        self.datagrams = {}
        self.exits = {}  # (out of a tunnel?, name) -> frames, bytes
        self.discarded = set()  # pairs of hosts that sent what is not put together, though nothing of it is missing
        self.completed = 0
        self.now_ns = 0

    def leave(self, scope, why, frames, size):
        packets, total = self.exits.get((bool(scope[0]), why), (0, 0))
        self.exits[bool(scope[0]), why] = packets + frames, total + size

    def give_up(self, now_ns):
        self.now_ns = max(now_ns, self.now_ns)
        for key in [k for k, d in self.datagrams.items() if self.now_ns - d.begun_ns > TIMEOUT_NS[k[1]]]:
            gone = self.datagrams.pop(key)
            if gone.frames:
                self.leave(key[0], "frag_timeout", gone.frames, gone.size)

    def finish(self, now_ns):
        self.give_up(now_ns)
        for key, d in self.datagrams.items():
            if d.frames:
                self.leave(key[0], "frag_incomplete", d.frames, d.size)

    def begin(self, key):
        self.datagrams[key] = Incomplete(self.now_ns)
        return self.datagrams[key]

    def add(self, scope, version, f, part, size, now_ns):
        """-> (datagram, its length on the wire, frames, bytes of them) or None"""
        key = scope, version, f.src, f.dst, f.proto if version == 4 else None, f.id
        self.give_up(now_ns)
        end, data = f.offset + part.wire, part.data
        if end + len(f.header) - (40 if version == 6 else 0) > 65535:
            self.discarded.add(frozenset((f.src, f.dst)))
            return self.leave(scope, "frag_too_large", 1, size)
        if f.more and end % 8 or f.offset == end:
            end -= end % 8
            data = data[: max(end - f.offset, 0)]
            if version == 6 or end <= f.offset:
                return self.leave("frag_invalid", 1, size)
        d = self.datagrams.get(key) or self.begin(key)
        piece = f.offset, data
        if d.last is not None:
            if piece == d.last:
                return self.leave(scope, "frag_duplicate", 1, size)
            d = self.begin(key)
        if d.discarded:
            return self.leave(scope, "frag_overlap", 1, size)
        if version == 6 and self.contradicts(d, f, end, piece):
            self.discarded.add(frozenset((f.src, f.dst)))
            self.leave(scope, "frag_overlap", d.frames + 1, d.size + size)
            d.discarded, d.frames, d.size = True, 0, 0
            return None
        d.pieces[piece] = True
        d.frames, d.size = d.frames + 1, d.size + size
        if not f.more:
            d.end = max(end, d.end or 0)
        for at in range(f.offset, end, 8):
            if at // 8 not in d.blocks:
                d.blocks[at // 8] = data[at - f.offset : at - f.offset + 8]
                if at == 0:
                    d.header = f
        return self.complete(d, version, piece)

    @staticmethod
    def contradicts(d, f, end, piece):
        """Does a fragment overlap another without being its repetition, or end the datagram elsewhere?"""
        if d.end is not None and (end > d.end or not f.more and end != d.end):
            return True
        if not f.more and any(end < at + len(data) for at, data in d.pieces):
            return True
        return piece not in d.pieces and any(at < end and f.offset < at + len(data) for at, data in d.pieces)

    def complete(self, d, version, piece):
        if d.end is None or any(n not in d.blocks for n in range((d.end + 7) // 8)):
            return None
        payload = b"".join(d.blocks[n] for n in range((d.end + 7) // 8))[: d.end]
        h = bytearray(d.header.header)
        if version == 4:
            h[2:4] = (len(h) + d.end).to_bytes(2, "big")
            h[6:8] = bytes([h[6] & 0xC0, 0])
        else:
            h[4:6] = (len(h) - 40 + d.end).to_bytes(2, "big")
            h[d.header.next_at] = d.header.proto
        self.completed += 1
        made = bytes(h) + payload, len(h) + d.end, d.frames, d.size
        d.last, d.frames, d.size = piece, 0, 0
        return made
