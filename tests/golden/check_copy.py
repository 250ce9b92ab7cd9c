#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Captures through reader and writer (tests/support/savefile_copy.c, $PAL_SAVEFILE_COPY): the same bytes to the same
format; made anew from its fields, what tshark and capinfos see is as before; what pcap cannot hold is counted.

The captures are those of the corpus, see pal.py; where it is absent, the small ones have to do.
"""
import os
import re
import shutil
import subprocess
import tempfile

import pal

COPY = os.environ.get("PAL_SAVEFILE_COPY", "savefile_copy")
ENDINGS = {"gz": "gzip", "zst": "zstd", "xz": "xz", "lz4": "lz4"}


def copy(*args):
    """-> (exit code, what is lost by name, what was said)"""
    p = subprocess.run([COPY, *args], capture_output=True, timeout=120)
    said = p.stderr.decode(errors="replace")
    assert not any(m in p.stderr for m in pal.SANITIZER_MARKS), said
    lost = re.findall(r"^records \d+.*$", said, re.M)
    return p.returncode, dict((k, int(v)) for k, v in re.findall(r"(\w+) (\d+)", lost[-1])) if lost else None, said


def dissection(path):
    """Time, lengths, bytes and dissection of each packet; tshark's word for what ends the file early is left out."""
    p = subprocess.run(["tshark", "-n", "-r", path, "-o", "frame.generate_md5_hash:TRUE", "-T", "fields",
                        "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.md5_hash",
                        "-e", "frame.protocols", "-e", "frame.comment", "-e", "_ws.col.Info"],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300)
    return p.stdout.decode(errors="replace").splitlines()


# What is of the file and not of what is in it.
OF_THE_FILE = ("File name", "File type", "File size", "SHA256", "RIPEMD160", "SHA1", "Number of interfaces in file",
               "Packet size limit")


def capinfos(path):
    p = subprocess.run(["capinfos", "-M", path], capture_output=True, timeout=120)
    lines = p.stdout.decode(errors="replace").split("Interface #0")[0].splitlines()
    return [line for line in lines if not line.startswith(OF_THE_FILE)]


def is_pcapng(data):
    return data[:4] == b"\n\r\r\n"


def without_order(data):
    """Packets and link type of a pcap, whatever its byte order."""
    p = pal.Pcap(data)
    unit = data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    times = [tuple(int.from_bytes(r[i : i + 4], "little" if p.order == "<" else "big") for i in (0, 4)) for r in p.records]
    return p.linktype, unit, times, list(p.packets())


class Copies:
    def __init__(self, t, name, path):
        self.t, self.name, self.path = t, name, path
        self.data = pal.plain(path)
        self.folder = tempfile.mkdtemp(dir=pal.scratch())
        self.seen = None  # of the original

    def to(self, ending, *args, source=None):
        """Path of a copy; None if there is none."""
        target = os.path.join(self.folder, "x%d.%s" % (len(os.listdir(self.folder)), ending))
        code, lost, said = copy(*args, source or self.path, target)
        self.t.check(code in (0, 1), "%s to %s: exit code %d: %s" % (self.name, ending, code, said[-1000:]))
        return (target, lost, code) if os.path.exists(target) else (None, lost, code)

    def same_format(self):
        """Each byte, as far as the file is whole."""
        ending = "pcapng" if is_pcapng(self.data) else "pcap"
        target, lost, code = self.to(ending)
        if target is None:
            return
        with open(target, "rb") as f:
            got = f.read()
        want = self.data if code == 0 else self.data[: len(got)]
        self.t.check(got == want and len(got) >= 24, "%s to %s: other bytes" % (self.name, ending))
        self.t.check(not any(lost.values()), "%s to %s: lost %s" % (self.name, ending, lost))

    def by_fields(self):
        """Made anew: what tshark sees of it, and what tells the copies from each other."""
        ending = "pcapng" if is_pcapng(self.data) else "pcap"
        target, lost, _ = self.to(ending, "--fields")
        self.sees_the_same(target, "--fields")
        self.t.check(not any(v for k, v in lost.items() if k != "fields"), "%s, --fields: lost %s" % (self.name, lost))

    def there_and_back(self):
        if is_pcapng(self.data):
            return self.to_pcap()
        there, lost, _ = self.to("pcapng")
        self.t.check(not any(v for k, v in lost.items() if k != "fields"), "%s to pcapng: lost %s" % (self.name, lost))
        back, lost, _ = self.to("pcap", source=there)
        # tsresol is the only option that the copy has, and pcap says that otherwise.
        self.t.check(not any(lost.values()), "%s back to pcap: lost %s" % (self.name, lost))
        with open(back, "rb") as f:
            self.t.equal(without_order(f.read()), without_order(self.data), "%s there and back" % self.name)

    def to_pcap(self):
        """Packets of the first link type, the others counted. Times as near as pcap can hold them."""
        target, lost, _ = self.to("pcap")
        capture = pal.Pcapng(self.data)
        packets = list(capture.packets())
        with open(target, "rb") as f:
            copied = pal.Pcap(f.read())
        held, want = list(copied.packets()), []
        self.t.equal(len(held) + lost["records"], len(packets), "%s to pcap: packets held and lost" % self.name)
        for (_, kind, _, _, _), (linktype, data, wire, time_ns) in zip(capture.records, packets):
            if linktype != packets[0][0]:
                continue
            # A simple packet has none: that of the one before it in the copy.
            if kind == pal.Pcapng.SPB and want:
                time_ns = want[-1][3]
            time_ns = min(time_ns, 2**32 * 10**9 - 1) // copied.unit_ns * copied.unit_ns
            want.append((linktype, data, wire, time_ns))
        if held:
            self.t.equal(held, want, "%s to pcap: packets held" % self.name)

    def compressed(self):
        """What the tools unpack is what was packed."""
        ending = "pcapng" if is_pcapng(self.data) else "pcap"
        for suffix, tool in ENDINGS.items():
            if shutil.which(tool) is None:
                continue
            target, _, code = self.to(ending + "." + suffix)
            p = subprocess.run([tool, "-dc", target], capture_output=True)
            self.t.check(p.returncode == 0, "%s: %s: %s" % (self.name, tool, p.stderr.decode()[-200:]))
            self.t.check(p.stdout == self.data[: len(p.stdout)] and (code or p.stdout == self.data),
                         "%s: %s gives other bytes" % (self.name, tool))

    def original(self):
        """What tshark and capinfos see in it, uncompressed."""
        if self.seen is None:
            path = os.path.join(self.folder, "original")
            with open(path, "wb") as f:
                f.write(self.data)
            self.seen = dissection(path), capinfos(path)
        return self.seen

    def sees_the_same(self, target, text):
        if target is None or not HAVE_WIRESHARK:
            return
        with open(target, "rb") as f:
            if f.read() == self.data:
                return  # so it does
        want, summary = self.original()
        if not summary:
            return  # a link type that Wireshark does not read from pcap
        got = dissection(target)
        self.t.equal(len(got), len(want), "%s, %s: packets that tshark sees" % (self.name, text))
        for number, (a, b) in enumerate(zip(got, want), 1):
            if not self.t.check(a == b, "%s, %s: packet %d: %r, was %r" % (self.name, text, number, a, b)):
                break
        self.t.equal(capinfos(target), summary, "%s, %s: capinfos" % (self.name, text))


HAVE_WIRESHARK = pal.program("tshark") is not None and pal.program("capinfos") is not None


def check_capture(args):
    t, name, path = args
    c = Copies(t, name, path)
    if c.data is None or copy(path, os.path.join(c.folder, "probe"))[1] is None:
        return  # nothing that the reader takes
    for check in (c.same_format, c.by_fields, c.there_and_back):
        check()
    if len(c.data) < 200000:
        c.compressed()


def check_standard_output(t):
    path = pal.small_captures()["test102-be.pcapng"]
    p = subprocess.run([COPY, path, "-"], capture_output=True)
    with open(path, "rb") as f:
        t.check(p.returncode == 0 and p.stdout == f.read(), "a copy to standard output")
    p = subprocess.run("%s %s - >/dev/full" % (COPY, path), shell=True, capture_output=True, text=True)
    t.check(p.returncode == 1 and "standard output: cannot be written" in p.stderr, "full: %d %s" % (p.returncode, p.stderr))


def main():
    t = pal.Test()
    pal.scratch()  # before there are threads
    pal.at_once(check_capture, [(t, n, p) for n, p in pal.captures().items()])
    check_standard_output(t)
    return t.done()


if __name__ == "__main__":
    raise SystemExit(main())
