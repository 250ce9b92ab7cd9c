#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What pcap-info says of captures: against what capinfos found in them, and of small files that are built here.

The program is $PAL_INFO. The corpus is that of pal.py; where it is absent, the small captures have to do.
"""
import calendar
import gzip
import hashlib
import json
import math
import os
import re
import shutil
import struct
import subprocess
import time

import pal

INFO = os.environ.get("PAL_INFO", "pcap-info")
DUMP = os.environ.get("PAL_SAVEFILE_DUMP", "savefile_dump")
# capinfos takes another time for the earliest where seconds do not fit 32 bits.
CAPINFOS_TIMES_WRONG = ("pcapng-example.pcapng", "pcapng-example.pcapng.zst")


class Result:
    def __init__(self, p):
        self.code, self.text, self.said = p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")
        self.raw = p.stdout

    def objects(self):
        return pal.parse_lines(self.raw)

    def values(self, label):
        """What stands behind a label of the report, once for each time."""
        return re.findall(r"^%s: +(.*)$" % re.escape(label), self.text, re.M)


def info(*args, stdin=None, cwd=None):
    p = subprocess.run([INFO, *args], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None, cwd=cwd,
                       capture_output=True, timeout=120)
    return Result(p)


def healthy(t, r, text, code=0):
    marks = [m for m in pal.SANITIZER_MARKS if m.decode() in r.said]
    return t.check(r.code == code and not marks, "%s: exit code %d, expected %d: %s" % (text, r.code, code, r.said[-2000:]))


# files built here


def u32(order, *values):
    return struct.pack(order + "%dI" % len(values), *values)


def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    return u32(order, kind, len(body) + 12) + body + u32(order, len(body) + 12)


def shb(order="<", options=b""):
    return block(order, 0x0A0D0D0A, u32(order, 0x1A2B3C4D) + struct.pack(order + "HHq", 1, 0, -1) + options)


def idb(order="<", linktype=1, snaplen=0, options=b""):
    return block(order, 1, struct.pack(order + "HHI", linktype, 0, snaplen) + options)


def epb(ticks, order="<", interface=0, data=b"0123456789", wire=None, options=b""):
    head = u32(order, interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) if wire is None else wire)
    return block(order, 6, head + data + bytes(-len(data) % 4) + options)


def spb(order="<", data=b"0123456789"):
    return block(order, 3, u32(order, len(data)) + data)


def pcap(times, order="<", magic=0xA1B2C3D4, data=b"0123456789"):
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    return head + b"".join(u32(order, s, f, len(data), len(data)) + data for s, f in times)


def one(t, text, data, *args, code=0, name="x.pcapng"):
    """What is said of a file in memory: the object, and the report."""
    path = pal.write_file(name, data)
    r = info("--json", *args, path)
    healthy(t, r, text, code)
    objects = r.objects()
    t.equal(len(objects), 1, "%s: objects" % text)
    report = info(*args, path)
    healthy(t, report, text + ", report", code)
    return objects[0], report


# against capinfos


def precision_digits(stated):
    found = re.search(r"\((\d+)\)", stated or "")
    return int(found[1]) if found else None


def compare(t, name, got, want):
    """The object with what capinfos found, as expected/*.json has it."""
    t.equal(got["packets"], want["packets"], "%s: packets" % name)
    t.equal(got["data_bytes"], want["data_size"], "%s: data size" % name)
    if name not in CAPINFOS_TIMES_WRONG and got.get("first_epoch") and got["packets_without_time"] == 0:
        for key, wanted in (("first_epoch", "first_time"), ("last_epoch", "last_time")):
            # Digits beyond the unit differ, their value does not.
            a, b = got[key], want[wanted]
            digits = min(len(a.partition(".")[2]), len(b.partition(".")[2]))
            t.equal(a[: a.index(".") + 1 + digits] if "." in a else a,
                    b[: b.index(".") + 1 + digits] if "." in b else b, "%s: %s" % (name, key))
        t.equal(float(got["duration"]), float(want["duration"].split()[0]), "%s: duration" % name)
        if want.get("strict_time_order") in ("True", "False"):
            t.equal(str(got["strict_time_order"]), want["strict_time_order"], "%s: order" % name)
    inferred = re.search(r"inferred: (\d+) bytes(?: - (\d+) bytes)?", want.get("snaplen") or "")
    if inferred:
        cut = got["cut_packets"]
        t.equal((cut.get("min_bytes"), cut.get("max_bytes")),
                (int(inferred[1]), int(inferred[2] or inferred[1])), "%s: inferred snaplen" % name)
    # capinfos lumps the interfaces of all sections together.
    interfaces = [i for s in got["sections"] for i in s["interfaces"]]
    if want.get("interfaces") is not None and got["type"] == "pcapng":
        t.equal(len(interfaces), want["interfaces"], "%s: interfaces" % name)
    if len(interfaces) == len(want.get("interface_list") or []) and got["type"] == "pcapng":
        for n, (ours, theirs) in enumerate(zip(interfaces, want["interface_list"])):
            compare_interface(t, "%s: interface %d" % (name, n), ours, theirs)
    section = {o.get("name"): o["value"] for o in (got["sections"][0].get("options") or [])}
    for key, wanted in (("shb_hardware", "hardware"), ("shb_os", "os"), ("shb_userappl", "application")):
        if want.get(wanted):
            t.equal(first_line(section.get(key)), first_line(want[wanted]), "%s: %s" % (name, key))


def first_line(text):
    return (text or "").split("\n")[0].split("\r")[0].strip()


def compare_interface(t, text, ours, theirs):
    options = {o.get("name"): o["value"] for o in ours["options"]}
    for key, wanted in (("if_name", "name"), ("if_description", "description"), ("if_os", "operating_system"),
                        ("if_filter", "filter_string")):
        if theirs.get(wanted):
            t.equal(first_line(options.get(key)), first_line(theirs[wanted]), "%s: %s" % (text, key))
    t.equal(ours["packets"], int(theirs["number_of_packets"]), "%s: packets" % text)
    t.equal(ours["snaplen"], int(theirs["capture_length"]), "%s: snaplen" % text)
    t.equal(ours["statistics"]["entries"], int(theirs["number_of_stat_entries"]), "%s: stat entries" % text)
    if theirs.get("encapsulation", "").startswith("Ethernet"):
        t.equal(ours["linktype"], 1, "%s: link type" % text)
    if theirs.get("time_resolution"):
        t.equal(ours["tsresol"], int(theirs["time_resolution"], 16), "%s: resolution" % text)
    if theirs.get("timestamp_offset"):
        t.equal(ours["tsoffset"], int(theirs["timestamp_offset"]), "%s: offset" % text)


def check_corpus(t):
    """Every capture: JSON against expected/*.json; never a signal; damage has offset and reason."""
    captures = pal.captures()
    for name, r in zip(captures, pal.at_once(lambda n: info("--json", captures[n]), captures)):
        want = pal.expected(name)
        t.check(r.code in (0, 1), "%s: exit code %d: %s" % (name, r.code, r.said[-2000:]))
        got = r.objects()[0]
        t.equal(got["status"] == "ok", r.code == 0, "%s: status" % name)
        if r.code == 1:
            t.check(captures[name] in r.said, "%s: not named: %s" % (name, r.said))
        if want is None or got["status"] == "unreadable":
            continue
        if r.code == 1:
            t.check(re.search(r"damaged at byte \d+.*: .+", got["error"]), "%s: %s" % (name, got["error"]))
        if want["capinfos"].get("packets") is not None:
            compare(t, name, got, want["capinfos"])
        t.equal(got["compression"] is not None, want.get("compression") is not None, "%s: compression" % name)


MACHINE = ("Number of packets", "File size", "Data size", "Capture duration", "Data byte rate", "Data bit rate",
           "Average packet size", "Average packet rate", "SHA256", "SHA1", "Strict time order", "Packet size limit")


def check_machine(t):
    """-M beside capinfos -M: the same lines."""
    if pal.program("capinfos") is None:
        return
    for name, path in pal.small_captures().items():
        theirs = subprocess.run(["capinfos", "-M", path], capture_output=True, text=True, env=dict(os.environ, TZ="UTC"))
        ours = info("-M", "-H", path)
        if theirs.returncode != 0 or ours.code != 0:
            continue
        without_time = ours.values("Packets without a time")
        for label in MACHINE:
            want = re.findall(r"^%s: +(.*)$" % label, theirs.stdout, re.M)
            # Of files with packets without a time capinfos knows no times at all.
            if not want or (without_time and want[0] in ("n/a", "Unknown")) or name in CAPINFOS_TIMES_WRONG:
                continue
            got = ours.values(label)
            if label in ("Data byte rate", "Data bit rate", "Average packet rate") and got[0] != "n/a":
                # capinfos subtracts times as doubles, which are exact to half a microsecond.
                duration = float(ours.values("Capture duration")[0].split()[0])
                t.check(math.isclose(float(got[0].split()[0]), float(want[0].split()[0]), rel_tol=1e-6 + 1e-6 / duration),
                        "%s: %s: %s, capinfos says %s" % (name, label, got, want))
                continue
            if label == "Capture duration" and got and got != ["n/a"]:
                got, want = [float(got[0].split()[0])], [float(want[0].split()[0])]
            t.equal(got, want, "%s: %s" % (name, label))


# sums and a slow model


def check_spread(t):
    """Sizes and time line against a list of all packets."""
    captures = pal.captures()
    for name, path in captures.items():
        got = info("--json", path).objects()[0]
        if got["status"] == "unreadable":
            continue
        p = subprocess.run([DUMP, path], capture_output=True)
        packets = [line.split()[:3] for line in p.stdout.decode().splitlines()]
        t.equal(sum(s["packets"] for s in got["packet_sizes"]), len(packets), "%s: sizes" % name)
        for slot in got["packet_sizes"]:
            high = math.inf if slot["to"] is None else slot["to"]
            lens = [int(w) for _, _, w in packets if slot["from"] <= int(w) <= high]
            t.equal((slot["packets"], slot["bytes"]), (len(lens), sum(lens)), "%s: size %s" % (name, slot["from"]))
        line = got["time_line"]
        t.equal(sum(line["packets"]) + line["packets_outside"], len(packets), "%s: time line" % name)
        if line["packets_outside"] or not packets:
            continue
        width = line["interval_ns"]
        start = epoch_ns(line["start"])
        times = [int(s) * 10**9 + int(ns) for s, ns in (at.split(".") for at, _, _ in packets)]
        model = {}
        for at, (_, _, wire) in zip(times, packets):
            slot = model.setdefault((at - start) // width, [0, 0])
            slot[0] += 1
            slot[1] += int(wire)
        t.equal({i: [n, b] for i, (n, b) in enumerate(zip(line["packets"], line["bytes"])) if n}, model,
                "%s: packets over time" % name)
        t.check(len(line["packets"]) <= 600 and start <= min(times) < start + width, "%s: intervals" % name)


def epoch_ns(text):
    seconds, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction.ljust(9, "0"))


def check_plot(t):
    path = pal.write_file("x.pcap", pcap([(i, 0) for i in range(5)]) + pcap([(1000000, 5)], data=bytes(5000))[24:])
    r = info("--plot", path)
    healthy(t, r, "--plot")
    rows = re.findall(r"^(\S+ ?-? ?\S*|\d+ and more) +(\d+) +(\d+) \|(#*)$", r.text, re.M)
    t.equal(sum(int(n) for _, n, _, _ in rows), 12, "--plot: each packet in a size and in an interval")
    t.equal(max(len(b) for _, _, _, b in rows), 40, "--plot: the longest bar")
    t.check(all((int(n) > 0) == (len(b) > 0) for _, n, _, b in rows), "--plot: bars where there are packets")


# what the seed got wrong


def check_times(t):
    sections = shb() + idb() + epb(5000000) + epb(9000000) + shb() + shb(">") + idb(">") + epb(7000000, ">")
    got, report = one(t, "sections", sections)
    t.equal((got["first_time"], got["last_time"]), ("1970-01-01T00:00:05.000000Z", "1970-01-01T00:00:09.000000Z"),
            "the last time is that of the latest packet of all sections, the empty one has none")
    t.equal((got["duration"], got["strict_time_order"]), ("4.000000", False), "duration and order")
    t.equal([s["byte_order"] for s in got["sections"]], ["little", "little", "big"], "byte order of each section")
    t.equal(report.values("Byte order"), ["little endian", "little endian", "big endian"], "byte orders in the report")

    offset = struct.pack("<q", 1000)
    got, _ = one(t, "offset", shb() + idb(options=option("<", 14, offset)) + epb(5000000))
    t.equal(got["first_epoch"], "1005.000000", "if_tsoffset is added once")
    offset = struct.pack(">q", -3)
    got, _ = one(t, "negative offset", shb(">") + idb(">", options=option(">", 14, offset)) + epb(1500000, ">"))
    t.equal((got["first_epoch"], got["first_time"]), ("-1.500000", "1969-12-31T23:59:58.500000Z"), "a negative offset")

    got, report = one(t, "duration", shb() + idb() + epb(0) + epb(12345345000))
    t.equal(report.values("Capture duration"), ["12345.345000 seconds"], "the duration has one fraction")
    for resolution, ticks, want in ((0, 7, "7"), (3, 7001, "7.001"), (9, 7000000001, "7.000000001"),
                                    (12, 7000000001999, "7.000000001"), (0x81, 15, "7.500000000")):
        data = shb() + idb(options=option("<", 9, bytes([resolution]))) + epb(ticks)
        got, _ = one(t, "resolution %d" % resolution, data)
        t.equal(got["first_epoch"], want, "resolution %d" % resolution)

    got, report = one(t, "no duration", shb() + idb() + epb(5) + epb(5))
    t.check(not re.search(r"\b(inf|nan)\b", report.text, re.I) and "data_byte_rate" not in got, "no rate without a duration")
    got, report = one(t, "no packets", shb() + idb())
    t.check(got["duration"] is None and "1970" not in report.text, "a file without packets has no times")
    got, report = one(t, "no interface", shb())
    t.equal((got["packets"], got["nb_sections"]), (0, 1), "a section without interfaces")

    got, report = one(t, "simple packets", shb() + idb() + epb(5000000) + spb() + epb(4000000))
    t.equal((got["packets"], got["packets_without_time"], got["strict_time_order"]), (3, 1, False), "packets without a time")
    t.equal(report.values("Packets without a time"), ["1"], "packets without a time, in the report")
    t.equal((got["first_epoch"], got["last_epoch"]), ("4.000000", "5.000000"), "... count in no time")


def check_blocks(t):
    order = "<"
    names = block(order, 4, option(order, 1, b"\x7f\0\0\1a\0") + option(order, 1, b"\x7f\0\0\2b\0") +
                  option(order, 2, bytes(16) + b"c\0") + u32(order, 0))
    isb = lambda dropped: block(order, 5, u32(order, 0, 0, 7000000) + option(order, 2, u32(order, 0, 5000000)) +
                                option(order, 4, struct.pack("<Q", 90)) + option(order, 5, struct.pack("<Q", dropped)))
    secrets = block(order, 10, u32(order, 0x544C534B, 300000) + bytes(300000))
    others = block(order, 9, b"__CURSOR=x\n") + block(order, 0x80000001, bytes(8))
    custom = block(order, 0xBAD, u32(order, 32473)) + block(order, 0x40000BAD, u32(order, 32473))
    huge = block(order, 0x1234, bytes(3000000))
    data = (shb(options=option(order, 1, b"of the section")) + idb() + names + secrets +
            epb(1, options=option(order, 1, b"of the packet") + option(order, 4, struct.pack("<Q", 6))) +
            isb(1) + isb(3) + others + custom + huge)
    got, report = one(t, "blocks", data)
    t.equal(report.values("Capture comment"), ["of the section"], "a comment is called a comment")
    t.check("Hardware" not in report.text, "and not hardware")
    section = got["sections"][0]
    t.equal((section["names"]["ipv4"], section["names"]["ipv6"]), (2, 1), "names")
    t.equal(section["blocks"], {"SHB": 1, "IDB": 1, "NRB": 1, "ISB": 2, "EPB": 1, "SJE": 1, "DSB": 1, "CB": 1, "DCB": 1,
                                "other": 2}, "blocks")
    t.equal(got["blocks"], section["blocks"], "blocks of the file")
    t.equal(got["secrets"], [{"type": 0x544C534B, "name": "TLS key log", "blocks": 1, "bytes": 300000}],
            "secrets of more than 128 KiB")
    statistics = section["interfaces"][0]["statistics"]
    t.equal((statistics["entries"], statistics["isb_ifrecv"], statistics["isb_ifdrop"]), (2, 90, 3), "statistics")
    t.equal(statistics["start"], "1970-01-01T00:00:05.000000Z", "statistics: start")
    t.equal((got["packet_comments"], got["packet_drops"]), (1, 6), "what packets say")
    t.equal(report.values("Unknown blocks"), ["2"], "unknown blocks")
    t.equal(report.values("Journal blocks"), ["1"], "journal blocks")
    for text in ("Packets dropped by the interface = 3", "Packets received = 90"):
        t.check(text in report.text, "report: %s" % text)

    options = (option(order, 2, b"eth0") + option(order, 4, bytes([192, 0, 2, 1, 255, 255, 255, 0])) +
               option(order, 5, bytes(15) + b"\1\x40") + option(order, 6, bytes([0, 1, 2, 3, 4, 5])) +
               option(order, 8, struct.pack("<Q", 10**9)) + option(order, 11, b"\0tcp") + option(order, 777, b"\1\2") +
               option(order, 2988, u32(order, 32473) + b"mine") + option(order, 8, b"short"))
    got, report = one(t, "options", shb() + idb(options=options))
    values = [(o["code"], o["value"]) for o in got["sections"][0]["interfaces"][0]["options"]]
    t.equal(values, [(2, "eth0"), (4, "192.0.2.1/255.255.255.0"), (5, "::1/64"), (6, "00:01:02:03:04:05"), (8, 10**9),
                     (11, "tcp"), (777, "0102"), (2988, "32473: mine"), (8, "73686f7274")], "options of an interface")
    big = [(c, v) for c, v in values if c in (2, 8)][:2]
    order = ">"
    options = option(order, 2, b"eth0") + option(order, 8, struct.pack(">Q", 10**9))
    got, _ = one(t, "big endian options", shb(">") + idb(">", options=options))
    t.equal([(o["code"], o["value"]) for o in got["sections"][0]["interfaces"][0]["options"]], big, "speed, big endian")
    got, report = one(t, "hostile text", shb(options=option("<", 1, b'\x1b[2J"\\\n\xff\0x')))
    t.check("\x1b" not in report.text, "no control characters on a terminal")
    path = pal.write_file("a\x1b[2J\nb.pcap", pcap([(1, 0)]))
    report = info(path)
    t.check("\x1b" not in report.text and "a\\x1b[2J\\nb.pcap" in report.text, "also not those of a name")


def check_headers_only(t):
    data = shb() + idb() + idb(linktype=113) + epb(1) + epb(2)
    got, report = one(t, "-n", data, "-n")
    t.check("packets" not in got and len(got["sections"][0]["interfaces"]) == 2, "-n: interfaces, no packets")
    t.check("Number of packets" not in report.text and "Byte order" in report.text, "-n: report")
    for text, data in (("no packets", shb()), ("pcap", pcap([(1, 2)])), ("damage after the first packet", data + b"x" * 40)):
        one(t, "-n, " + text, data, "-n")
    path = pal.write_file("long.pcap", pcap([(i, 0) for i in range(2000)], data=bytes(60000)))
    p = subprocess.run(["strace", "-f", "-e", "trace=read,pread64", INFO, "-n", path], capture_output=True,
                       text=True) if shutil.which("strace") else None
    if p is not None and p.returncode == 0:
        t.check(sum(int(n) for n in re.findall(r"= (\d+)$", p.stderr, re.M)) < 10**7, "-n reads the beginning only")


def check_damage(t):
    whole = pcap([(1, 0), (2, 0), (3, 0)])
    for cut, packets in ((1, 2), (10, 2), (26, 2), (27, 1), (40, 1)):
        got, report = one(t, "cut by %d" % cut, whole[:-cut], code=1 if cut != 26 else 0, name="x.pcap")
        t.equal(got["packets"], packets, "cut by %d: packets before" % cut)
        if cut != 26:
            t.check(re.search(r"^pcap-info: \S+: damaged at byte \d+: .+", report.said), "cut: said: %r" % report.said)
            t.check(re.search(r"^File damage: +\S+: damaged at byte \d+", report.text, re.M), "cut: in the report")
            t.equal(report.values("Number of packets"), [str(packets)], "cut: everything readable is there")
    for text, data in (("a packet of no interface", shb() + idb() + epb(1) + epb(2, interface=1)),
                       ("lengths that differ", shb() + idb() + epb(1) + epb(2)[:-4] + u32("<", 99)),
                       ("more captured than there is", shb() + idb() + epb(1) + block("<", 6, u32("<", 0, 0, 0, 999, 999) + b"xxxx"))):
        got, _ = one(t, text, data, code=1)
        t.equal((got["status"], got["packets"]), ("damaged", 1), text)
    for text, data in (("empty", b""), ("text", b"this is no capture file at all\n")):
        r = info("--json", pal.write_file("x.pcap", data))
        healthy(t, r, text, 1)
        t.equal(r.objects()[0]["status"], "unreadable", text)
    healthy(t, info("/no/such.pcap"), "no such file", 1)
    got, _ = one(t, "fraction over its unit", pcap([(1, 3000000)]))
    t.equal(got["first_epoch"], "4.000000", "fraction over its unit")
    got, _ = one(t, "after 2106", shb() + idb() + epb(9 * 10**15))
    t.equal(got["first_time"], "2255-03-14T16:00:00.000000Z", "after 2106")


# files


def check_files(t):
    folder = os.path.dirname(pal.write_file("b.pcap", pcap([(1, 0)])))
    for name, data in (("a.pcapng", shb()), ("c.pcap.gz", gzip.compress(pcap([(1, 0), (2, 0)]))), (".hidden", b"no")):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    os.mkdir(os.path.join(folder, "sub"))
    r = info("-T", folder, os.path.join(folder, "b.pcap"))
    healthy(t, r, "-T of a folder")
    rows = [line.split("\t") for line in r.text.splitlines()]
    t.equal([os.path.basename(row[0]) for row in rows[1:]], ["a.pcapng", "b.pcap", "c.pcap.gz", "b.pcap"], "-T: files")
    t.check(len({len(row) for row in rows}) == 1, "-T: as many columns in each line")
    column = dict(zip(rows[0], zip(*rows[1:])))
    t.equal(column["Number of packets"], ("0", "1", "2", "1"), "-T: packets")
    t.equal(column["File compression"], ("none", "none", "gzip", "none"), "-T: compression")
    r = info("--json", "-H", folder)
    for got in r.objects():
        with open(got["file"], "rb") as f:
            data = f.read()
        for key, digest in (("sha256", hashlib.sha256), ("sha1", hashlib.sha1), ("blake2s256", hashlib.blake2s)):
            t.equal(got[key], digest(data).hexdigest(), "%s of %s" % (key, got["file"]))
        t.equal(got["size"], len(data), "size of %s" % got["file"])
    t.check("sha1" not in info("--json", "--sha256", folder).objects()[0], "only the hash asked for")
    healthy(t, info(folder, "/no/such.pcap"), "a file that is missing among others", 1)
    r = info("--json", "--sha1", "-", stdin=gzip.compress(pcap([(1, 0)])))
    healthy(t, r, "standard input")
    t.equal((r.objects()[0]["packets"], r.objects()[0]["compression"]), (1, "gzip"), "standard input, compressed")
    t.equal(r.objects()[0]["size"], len(gzip.compress(pcap([(1, 0)]))), "standard input: size")
    # The hash is of all bytes, also of those after the damage.
    data = pcap([(1, 0)])[:-1] + b""
    data = shb() + u32("<", 6, 13) + bytes(3000000)
    got, _ = one(t, "hash of a damaged file", data, "--sha256", code=1)
    t.equal(got["sha256"], hashlib.sha256(data).hexdigest(), "hash of a damaged file")
    for tool, name in (("xz", "xz"), ("zstd", "zstd"), ("lz4", "lz4"), ("bzip2", "bzip2")):
        if pal.program(tool) is None:
            continue
        packed = subprocess.run([tool, "-c"], input=pcap([(1, 0)]), capture_output=True, check=True).stdout
        got, report = one(t, tool, packed)
        t.equal((got["compression"], got["packets"]), (name, 1), tool)
        t.equal(report.values("File compression"), [name], tool)


def check_many(t):
    """What is kept is bounded, what is counted is not."""
    data = shb() * 3000 + idb() * 70000 + epb(1, interface=69999)
    got, report = one(t, "many", data)
    t.equal((got["nb_sections"], len(got["sections"]), got["packets"]), (3000, 1024, 1), "many sections")
    t.check("... and 1976 more sections" in report.text, "many sections, in the report")
    got, report = one(t, "many interfaces", shb() + idb() * 70000 + epb(1, interface=69999))
    section = got["sections"][0]
    t.equal((section["nb_interfaces"], len(section["interfaces"])), (70000, 65536), "many interfaces")
    t.equal(got["encapsulations"][0]["packets"], 1, "a packet of the last one")
    t.check("... and 4464 more interfaces" in report.text, "many interfaces, in the report")


# words


def check_words(t):
    help_text = info("--help").text
    with open(os.path.join(pal.TREE, "app", "pcap-info", "args.c"), encoding="utf-8") as f:
        args = f.read()
    with open(os.path.join(pal.TREE, "config", "pcap-info.1.scd"), encoding="utf-8") as f:
        manual = f.read()
    real = set(re.findall(r'^\t\{"([a-z0-9-]+)", \w+_argument', args, re.M))
    t.check(len(real) > 10, "no options in args.c")
    t.equal(sorted(set(re.findall(r"(?<!\w)--([a-z][a-z0-9-]*)", help_text))), sorted(real), "options in --help")
    t.equal(sorted(set(re.findall(r"\*--([a-z][a-z0-9-]*)\*", manual))), sorted(real), "options in the manual")
    for name, letter in re.findall(r'^\t\{"([a-z0-9-]+)", \w+_argument, NULL, \'(\w)\'\}', args, re.M):
        t.check("-%s, --%s" % (letter, name) in help_text, "--help: not -%s, --%s" % (letter, name))
        t.check("*-%s*, *--%s*" % (letter, name) in manual, "manual: not -%s, --%s" % (letter, name))
    t.check(re.fullmatch(r"pcap-info \d+\.\d+\.\d+\n", info("-V").text), "-V")
    for bad in ((), ("--no-such", "x"), ("-T", "--json", "x"), ("-n", "--plot", "x")):
        r = info(*bad)
        healthy(t, r, "pcap-info %s" % " ".join(bad), 2)
        t.check("Try: pcap-info --help" in r.said, "usage: %r" % r.said)
    with open(os.path.join(pal.TREE, "config", "pcap-info.bash"), encoding="utf-8") as f:
        completion = f.read()
    if pal.program("bash"):
        script = completion + '\nCOMP_WORDS=("%s" --p) COMP_CWORD=1; _pcap_info; echo "${COMPREPLY[@]}"' % INFO
        p = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        t.equal(p.stdout.split(), ["--plot", "--progress"], "completion of --p")
    check_progress(t)


def check_progress(t):
    """A pipe that gives little by little: how much was read is said on the way, and wiped away."""
    piece = pcap([(i, 0) for i in range(300)], data=bytes(60000))
    for option, says in (("--progress", True), ("--quiet", False)):
        p = subprocess.Popen([INFO, option, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for n in range(4):
            p.stdin.write(piece if n == 0 else piece[24:])
            time.sleep(0.3)
        report, said = p.communicate()
        t.check(p.returncode == 0 and b" 1200\n" in report, "%s: %d %s" % (option, p.returncode, report))
        t.check(bool(re.search(rb"\r-: \d+ MB", said)) == says, "%s: said %r" % (option, said))
        t.check(said.endswith(b"\r\33[K") == says, "%s: not wiped away: %r" % (option, said))


def main():
    t = pal.Test()
    for check in (check_corpus, check_machine, check_spread, check_plot, check_times, check_blocks, check_headers_only,
                  check_damage, check_files, check_many, check_words):
        check(t)
    return t.done()


if __name__ == "__main__":
    raise SystemExit(main())
