# SPDX-License-Identifier: BSD-3-Clause
"""What the end-to-end tests share: run pcap-analyzer, read what it wrote, find captures, take captures apart.

The program is $PAL_ANALYZER. Captures and what other tools found in them are a folder of their own: $PAL_CORPUS, or
../shared/corpus beside the source tree. Where it is absent the small captures in tests/corpus are all there is.
"""
import bz2
import concurrent.futures
import gzip
import json
import lzma
import os
import shutil
import struct
import subprocess
import tempfile

SKIP = 77
HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
SMALL = os.path.join(TREE, "tests", "corpus")
CORPUS = os.environ.get("PAL_CORPUS", os.path.join(os.path.dirname(TREE), "shared", "corpus"))
SCHEMAS = os.environ.get("PAL_SCHEMAS", os.path.join(os.path.dirname(TREE), "shared", "schema"))
# For a run that says all that it can.
APPS = "dhcp,dns,ftp,http,ike,krb5,ldap,mail,netbios,ntp,ospf,quic,snmp,ssh,tls"
EVERYTHING = (
    "-p", "anomaly,basic-stats,community-id,flows,protocols,stream-digest,template,tls-stats," + APPS,
    "--set", "plugin.anomaly.stream=yes")
PROGRAM = os.environ.get("PAL_ANALYZER", "pcap-analyzer")
# How many runs at once: most of a short run is waiting.
AT_ONCE = max(2, len(os.sched_getaffinity(0)))
# The same programs, slower: what another tool makes of their output need not be asked again.
SANITIZED = os.environ.get("PAL_SANITIZED") == "1"
SANITIZER_MARKS = (b"ERROR: AddressSanitizer", b"runtime error:", b"ERROR: LeakSanitizer", b"ThreadSanitizer")


# captures


def have_corpus():
    return os.path.isdir(os.path.join(CORPUS, "captures"))


def small_captures():
    """Name -> path of the captures in tests/corpus."""
    paths = sorted(e.path for e in os.scandir(SMALL) if e.is_file() and "cap" in e.name)
    return {os.path.basename(p): p for p in paths}


def captures():
    """Name -> path of all captures; says so where only the small ones are there."""
    if not have_corpus():
        print("skipped: the large captures: no corpus at %s (set PAL_CORPUS)" % CORPUS)
        return small_captures()
    found = {}
    for folder, _, names in sorted(os.walk(os.path.join(CORPUS, "captures"))):
        for name in sorted(names):
            found[name] = os.path.join(folder, name)
    return found


def share_of_captures():
    """All of them; every second one for a program with sanitizers, in tests that look at what it writes."""
    found = captures()
    return dict(list(found.items())[::2]) if SANITIZED and have_corpus() else found


def expected(name):
    """What other tools found in a capture; None where nobody looked."""
    path = os.path.join(CORPUS, "expected", name + ".json")
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return json.load(f)


# running


class Run:
    """One run of the program: what it wrote, said and returned."""

    def __init__(self, outdir, code, stdout, stderr):
        self.outdir, self.code, self.stdout, self.stderr = outdir, code, stdout, stderr

    def path(self, name="eve.json"):
        return os.path.join(self.outdir, name)

    def lines(self, name="eve.json"):
        """The records as they were written, in any order."""
        with open(self.path(name), "rb") as f:
            return sorted(f.read().splitlines())

    def events(self, *types):
        with open(self.path(), "rb") as f:
            return [e for e in parse_lines(f.read()) if not types or e["event_type"] in types]

    def flows(self):
        return self.events("flow")

    def stats(self):
        """The last `stats` and the last `pal_stats`."""
        return self.events("stats")[-1]["stats"], self.events("pal_stats")[-1]["pal"]

    def document(self, name):
        with open(self.path(name)) as f:
            return json.load(f, object_pairs_hook=no_duplicates)

    def complaint(self):
        """What a healthy run must not have: a signal, a sanitizer's report, a code that is not documented."""
        if self.code < 0:
            return "ended by signal %d: %s" % (-self.code, self.stderr[-2000:].decode(errors="replace"))
        if any(mark in self.stderr for mark in SANITIZER_MARKS):
            return "sanitizer: " + self.stderr[-4000:].decode(errors="replace")
        if self.code not in (0, 1, 2, 3, 4):
            return "undocumented exit code %d: %s" % (self.code, self.stderr[-2000:].decode(errors="replace"))
        return None


def run(files, *args, outdir=None, stdin=None, timeout=120, quiet=True, json_out=False, env=None):
    """Run the program on files (one or a list)."""
    files = [files] if isinstance(files, str) else list(files)
    command = [PROGRAM] + (["-q"] if quiet else []) + list(args)
    if not json_out:
        outdir = outdir or tempfile.mkdtemp(dir=scratch())
        command += ["-o", outdir]
    p = subprocess.run(
        command + files,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        env=dict(os.environ, **env) if env else None,
    )
    return Run(outdir, p.returncode, p.stdout, p.stderr)


def at_once(function, items):
    """function(item) of all items, some at a time, results in order."""
    scratch()  # made once, not by whichever thread comes first
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(function, items))


_scratch = None


def scratch():
    """A folder that is gone when the test ends."""
    global _scratch
    if _scratch is None:
        _scratch = tempfile.TemporaryDirectory(prefix="pal-golden-")
    return _scratch.name


def write_file(name, data):
    path = os.path.join(tempfile.mkdtemp(dir=scratch()), name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def program(name):
    """Path of another tool, or None, saying what is not tested without it."""
    path = shutil.which(name)
    if path is None:
        print("skipped: what needs %s, which is not installed" % name)
    return path


# records


def no_duplicates(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("duplicate key in %s" % keys)
    return dict(pairs)


def no_constant(text):
    raise ValueError("%s is no JSON" % text)


def parse_lines(data):
    """JSON lines, strictly: valid, one object each, no key twice, the last line complete."""
    if data and not data.endswith(b"\n"):
        raise ValueError("the last line is not complete: %r" % data[-80:])
    events = []
    for line in data.splitlines():
        event = json.loads(line.decode("utf-8"), object_pairs_hook=no_duplicates, parse_constant=no_constant)
        if not isinstance(event, dict):
            raise ValueError("no object: %r" % line[:80])
        events.append(event)
    return events


def residuals(pal_stats):
    """Stages (and the totals) whose books do not balance, added up anew."""
    return _residuals(pal_stats["ledger"], "frames") + _residuals(pal_stats["ledger_inner"], "inner")


def _residuals(ledger, book):
    stages = ledger["stages"]
    bad = []
    for name, books in [("total", ledger)] + list(stages.items()):
        for unit in ("pkts", "bytes"):
            left = books["in"][unit] - books["out"][unit] - sum(x[unit] for x in books["exits"].values())
            if left != 0 or books["residual"][unit] != 0:
                bad.append("%s: %s: %s: %d, printed as %d" % (book, name, unit, left, books["residual"][unit]))
    for before, after in zip(stages, list(stages)[1:]):
        if stages[before]["out"] != stages[after]["in"]:
            bad.append("%s: %s gives %s, %s takes %s" % (
                book, before, stages[before]["out"], after, stages[after]["in"]))
    if (ledger["in"], ledger["out"]) != (list(stages.values())[0]["in"], list(stages.values())[-1]["out"]):
        bad.append("%s: the total is not that of the first and the last stage" % book)
    return bad


# verdicts


class Test:
    """Collects what is wrong; done() is the exit code."""

    def __init__(self):
        self.checks = self.bad = 0

    def fail(self, text):
        self.bad += 1
        print("FAIL %s" % text, flush=True)

    def check(self, condition, text):
        self.checks += 1
        if not condition:
            self.fail(text)
        return bool(condition)

    def equal(self, got, want, text):
        return self.check(got == want, "%s: expected %r, got %r" % (text, want, got))

    def healthy(self, result, text, codes=(0,)):
        """The run ended well, with one of these exit codes."""
        complaint = result.complaint()
        if not self.check(complaint is None, "%s: %s" % (text, complaint)):
            return False
        said = result.stderr[-500:].decode(errors="replace")
        return self.check(result.code in codes, "%s: exit code %d: %s" % (text, result.code, said))

    def done(self):
        print("%d checks, %d failed" % (self.checks, self.bad))
        return 1 if self.bad or not self.checks else 0


# capture files, read without the program's help


def plain(path):
    """Bytes of a capture, uncompressed; None where no tool for it is at hand."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:6] == b"\xfd7zXZ\0":
        return lzma.decompress(data)
    if data[:3] == b"BZh":
        return bz2.decompress(data)
    for magic, tool in ((b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4")):
        if data[:4] == magic:
            if shutil.which(tool) is None:
                return None
            return subprocess.run([tool, "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Pcap:
    """Records of a pcap in memory, each as the bytes that it has in the file."""

    MAGICS = {0xA1B2C3D4: 16, 0xA1B23C4D: 16, 0xA1B2CD34: 24}

    def __init__(self, data):
        self.order, self.header = self.kind(data)
        self.unit_ns = 1 if struct.unpack_from(self.order + "I", data)[0] == 0xA1B23C4D else 1000
        self.head, self.records, at = data[:24], [], 24
        self.linktype = struct.unpack_from(self.order + "I", data, 20)[0] & 0xFFFF
        while at + self.header <= len(data):
            end = at + self.header + struct.unpack_from(self.order + "I", data, at + 8)[0]
            if end > len(data):
                break
            self.records.append(data[at:end])
            at = end
        self.damaged = at != len(data)

    @classmethod
    def kind(cls, data):
        """-> (byte order, length of a record's header), or None"""
        for order in "<>":
            magic = struct.unpack_from(order + "I", data)[0] if len(data) >= 24 else 0
            if magic in cls.MAGICS:
                return order, cls.MAGICS[magic]
        return None

    def packets(self):
        """(link type, captured bytes, length on the wire, time in ns)"""
        for r in self.records:
            seconds, fraction, _, wire = struct.unpack_from(self.order + "IIII", r)
            yield self.linktype, r[self.header :], wire, seconds * 10**9 + fraction * self.unit_ns

    def has_untimed(self):
        return False

    def first(self, n):
        """A file of the first n packets."""
        return self.head + b"".join(self.records[:n])

    def parts(self, n):
        """The same packets in n files or fewer."""
        step = -(-len(self.records) // n) or 1
        return [self.head + b"".join(self.records[i : i + step]) for i in range(0, len(self.records), step)]


class Pcapng:
    """The same for pcapng: each packet is (its block, the section and interface blocks before it)."""

    SHB, IDB, PB, SPB, EPB = 0x0A0D0D0A, 1, 2, 3, 6

    def __init__(self, data):
        self.records, self.damaged, at, order = [], False, 0, "<"
        context, self.interfaces = [], []
        while at < len(data):
            if len(data) - at < 12:
                self.damaged = True
                break
            kind, length = struct.unpack_from(order + "II", data, at)
            if kind == self.SHB:
                order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
                length = struct.unpack_from(order + "I", data, at + 4)[0]
                context, self.interfaces = [], []
            if length < 12 or at + length > len(data):
                self.damaged = True
                break
            block = data[at : at + length]
            at += length
            if kind in (self.SHB, self.IDB):
                context = context + [block]
            if kind == self.IDB:
                linktype, _, snaplen = struct.unpack_from(order + "HHI", block, 8)
                self.interfaces = self.interfaces + [(linktype, snaplen, self.unit(order, block))]
            if kind in (self.PB, self.SPB, self.EPB):
                self.records.append((order, kind, block, context, self.interfaces))

    @staticmethod
    def unit(order, block):
        """(units in a second, seconds to add), by the options of an interface."""
        at, units, offset = 16, 10**6, 0
        while at + 4 <= len(block) - 4:
            code, length = struct.unpack_from(order + "HH", block, at)
            value = block[at + 4 : at + 4 + length]
            if code == 9 and length:
                units = 2 ** (value[0] & 127) if value[0] & 128 else 10 ** value[0]
            elif code == 14 and length == 8:
                offset = struct.unpack(order + "q", value)[0]
            elif code == 0:
                break
            at += 4 + (length + 3) // 4 * 4
        return units, offset

    def packets(self):
        """As those of Pcap. A simple packet has no time: that of the one before is taken."""
        now_ns = 0
        for order, kind, block, _, interfaces in self.records:
            if kind == self.SPB:
                wire = struct.unpack_from(order + "I", block, 8)[0]
                linktype, snaplen, _ = interfaces[0]
                cap = min(wire, snaplen or wire, len(block) - 16)
                yield linktype, block[12 : 12 + cap], wire, now_ns
                continue
            index = struct.unpack_from(order + ("I" if kind == self.EPB else "H"), block, 8)[0]
            high, low, cap, wire = struct.unpack_from(order + "IIII", block, 12)
            units, offset = interfaces[index][2]
            now_ns = (high << 32 | low) * 10**9 // units + offset * 10**9
            yield interfaces[index][0], block[28 : 28 + cap], wire, now_ns

    def has_untimed(self):
        """Simple packets have no time of their own."""
        return any(kind == self.SPB for _, kind, _, _, _ in self.records)

    def first(self, n):
        return self.file(self.records[:n])

    @staticmethod
    def file(records):
        out, shown = [], []
        for _, _, block, context, _ in records:
            if context[: len(shown)] != shown:
                shown = []
            out += context[len(shown) :] + [block]
            shown = context
        return b"".join(out)

    def parts(self, n):
        step = -(-len(self.records) // n) or 1
        return [self.file(self.records[i : i + step]) for i in range(0, len(self.records), step)]


def capture_in(data):
    """A Pcap or Pcapng of uncompressed bytes; None for anything else, or an unsupported version."""
    if data is None:
        return None
    if Pcap.kind(data):
        return Pcap(data) if struct.unpack_from(Pcap.kind(data)[0] + "H", data, 4)[0] == 2 else None
    return Pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else None
