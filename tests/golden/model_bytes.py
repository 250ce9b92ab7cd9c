# SPDX-License-Identifier: BSD-3-Clause
"""Bytes of a packet as the models read them: what was captured, and how many there were on the wire."""
import struct


class Short(Exception):
    """There is less than a header needs, or it contradicts itself."""


class Bytes:
    def __init__(self, data, wire):
        self.data, self.wire = data, wire

    def need(self, n):
        if len(self.data) < n:
            raise Short

    def u8(self, at):
        self.need(at + 1)
        return self.data[at]

    def u16(self, at):
        self.need(at + 2)
        return struct.unpack_from(">H", self.data, at)[0]

    def u32(self, at):
        self.need(at + 4)
        return struct.unpack_from(">I", self.data, at)[0]

    def skip(self, n):
        self.need(n)
        return Bytes(self.data[n:], self.wire - n)

    def bound(self, n):
        """No more than n bytes."""
        return Bytes(self.data[:n], min(self.wire, n))
