#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""pcap-rewrite, the command: filters with the results they are known to have, copies, splits, merges, damage, exits."""
import gzip
import lzma
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import pal
import rewrite
from rewrite import SEED

COMBINED = os.path.join(pal.SMALL, "combined.pcap.gz")
NANO = os.path.join(pal.SMALL, "tcp-handshake-nano.pcap")
FULL = os.environ.get("PAL_TEST_FULL") == "1"
PCAPNG = os.path.join(pal.SMALL, "mpeg.pcap")
RICH = os.path.join(pal.SMALL, "test202-le.pcapng")  # every kind of block


def seed(name):
    return os.path.join(SEED, name)


# filters


def seed_filters(t):
    """The counts of the program that the filters come from."""
    for version in (4, 6):
        for key, keys, want in (("si", "ipaddr", 2), ("di", "ipaddr", 2), ("sdi", "ipaddr", 4),
                                ("sipdp", "ipaddr_proto_port", 1), ("sdipsdp", "five_tuple", 2)):
            spec = "Dispatch:%s%%k%%%s" % (key, seed("ipv%d_%s" % (version, keys)))
            r = rewrite.run(seed("nmap_tcp_22_ipv%d.pcap" % version), "-f", spec)
            if t.healthy(r, spec):
                t.equal(r.summary()["written_pkts"], want, spec)
                t.equal(len(pal.Pcap(r.data()).records), want, spec + ": in the file")
                other = rewrite.run(seed("nmap_tcp_22_ipv%d.pcap" % version), "-f", spec.replace("%k%", "%d%"))
                t.equal(other.summary()["written_pkts"], r.summary()["read_pkts"] - want, spec + ", dropped")
    fragments = [("frag_tcp_80_ipv4.pcap", key, action, want) for key, kept in
                 (("si", (3, 2)), ("di", (3, 2)), ("sdi", (5, 0)), ("sipdp", (4, 1)), ("sdipsdp", (3, 2)))
                 for action, want in zip("kd", kept)]
    fragments += [("frag_tcp_80_ipv4_sp_frag0.pcap", "si", "k", 1), ("frag_tcp_80_ipv4_sp_frag1.pcap", "si", "k", 0)]
    for name, key, action, want in fragments:
        spec = "Fragmentation:%s%%%s" % (key, action)
        r = rewrite.run(seed(name), "-f", spec)
        if t.healthy(r, spec):
            t.equal(r.summary()["written_pkts"], want, "%s of %s" % (spec, name))
            t.equal(r.summary()["passes"], 2, "%s: passes" % spec)


def later_fragments(t):
    """Both kinds of action know a later fragment: it was dropped by either; and what comes first is read once."""
    keys = pal.write_file("keys", b"192.168.10.10,192.168.10.11,6,1400,80\n")
    path = seed("frag_tcp_80_ipv4.pcap")
    for action, want in (("k", 3), ("d", 2)):
        r = rewrite.run(path, "-f", "Dispatch:sdipsdp%%%s%%%s" % (action, keys))
        t.equal((r.summary()["written_pkts"], r.summary()["passes"]), (want, 1), "fragments in order, %s" % action)
    capture = pal.Pcap(pal.plain(path))
    capture.records[2], capture.records[3] = capture.records[3], capture.records[2]
    swapped = pal.write_file("swapped.pcap", capture.first(5))
    for action, want in (("k", 3), ("d", 2)):
        spec = "Dispatch:sdipsdp%%%s%%%s" % (action, keys)
        r = rewrite.run(swapped, "-f", spec)
        t.equal((r.summary()["written_pkts"], r.summary()["passes"]), (want, 2), "fragments turned round, %s" % action)
        r = rewrite.run(swapped, "-f", spec, "--one-pass")
        t.equal((r.summary()["written_pkts"], r.summary()["passes"], r.summary()["fragments_without_first"]),
                (want + (1 if action == "d" else -1), 1, 1), "--one-pass, %s" % action)
        r = rewrite.run("-", "-f", spec, stdin=capture.first(5))
        t.healthy(r, "a fragment before its first on standard input", (2,))
        t.check(b"packet 3 is a fragment" in r.stderr and b"standard input" in r.stderr
                and not os.path.exists(r.out), "standard input: %r" % r.stderr)
        r = rewrite.run("-", "-f", spec, stdin=pal.plain(path))
        t.equal(r.summary()["written_pkts"], want, "fragments in order on standard input")
    r = rewrite.run("-", "-f", "Fragmentation:si%k", stdin=pal.plain(path))
    t.healthy(r, "Fragmentation of standard input", (2,))
    t.check(b"standard input" in r.stderr, "Fragmentation of standard input: %r" % r.stderr)


def other_layers(t):
    """What the seed's filters gave up on: VLAN, QinQ, MPLS, PPPoE, link types without Ethernet."""
    captures = pal.captures()
    for name, least in (("vlan-collisions.pcap", 1), ("mixed-vlan-mpls.pcap", 1), ("pppoe-over-qinq.pcap", 1),
                        ("sll.pcap", 1), ("decode-sll2-02.pcap", 1), ("http-range-multiflows.pcap", 1),
                        ("nflog-http.pcap", 1), ("raw_ip.pcap", 1), ("quic-interop-retry.pcap", 1)):
        path = captures.get(name)
        if path is None or pal.program("tshark") is None:
            continue
        rows = [r.decode().split("\t") for r in rewrite.tshark(path, "ip.src", "ipv6.src", "frame.protocols")]
        sources = [(r[0] or r[1]).split(",")[0] for r in rows]
        pick = max(set(s for s in sources if s), key=sources.count)
        want = sources.count(pick)
        # What is not IP is kept.
        others = sum(1 for s in sources if not s)
        keys = pal.write_file("keys", pick.encode() + b"\n")
        r = rewrite.run(path, "-f", "Dispatch:si%%k%%%s" % keys)
        if t.healthy(r, "si of %s" % name):
            t.equal(r.summary()["written_pkts"], want + others, "si of %s" % name)
        r = rewrite.run(path, "-f", "Source:" + pick)
        t.equal(r.summary()["written_pkts"], want, "Source of %s" % name)
        t.check(want >= least, "%s: nothing to find" % name)


def bpf(t):
    if pal.program("tcpdump") is None:
        return
    for name in ("combined.pcap.gz", "missing-syn.pcap", "vlan-collisions.pcap"):
        path = rewrite.plain_copy(pal.small_captures()[name])
        for expression in ("tcp", "udp port 53", "vlan", "not tcp", "greater 200", "tcp[13] = 2"):
            want = subprocess.run(["tcpdump", "-r", path, "-w", "-", expression], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=True).stdout
            r = rewrite.run(path, "-f", expression)
            if t.healthy(r, expression):
                t.check(pal.Pcap(r.data()).records == pal.Pcap(want).records, "%s of %s: not tcpdump's" % (expression, name))


def editcap_letters(t):
    if pal.program("editcap") is None:
        return
    path = rewrite.plain_copy(COMBINED)
    times = sorted(r[1] for r in rewrite.records(pal.plain(path)))
    middle = "%d.%09d" % divmod(times[len(times) // 2], 10**9)
    for args in (("-A", middle), ("-B", middle), ("-s", "60"), ("-t", "3600.25"), ("-t", "-1.000001")):
        want = pal.write_file("editcap.pcap", b"")
        subprocess.run(["editcap", "-F", "pcap", *args, path, want], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=dict(os.environ, TZ="UTC"))
        r = rewrite.run(path, *args)
        if t.healthy(r, "%s" % (args,)):
            with open(want, "rb") as f:
                t.check(rewrite.records(r.data()) == rewrite.records(f.read()), "%s: not what editcap does" % (args,))
    nano = rewrite.run(NANO, "-t", "0.000000001")
    t.equal([a[1] - b[1] for a, b in zip(rewrite.records(nano.data()), rewrite.records(pal.plain(NANO)))],
            [1] * len(rewrite.records(nano.data())), "a nanosecond later")


# copies


def copies(t):
    """A copy is the same file; pcapng and back is the same records, times, lengths; tshark and capinfos agree."""
    tools = pal.program("tshark") and pal.program("capinfos")
    names = sorted(pal.share_of_captures().items())

    def one(item):
        name, path = item
        plain = rewrite.plain_copy(path)
        if plain is None:
            return None
        data = pal.plain(path)
        capture = pal.capture_in(data)
        if capture is None:
            return None
        damaged = capture.damaged
        same = rewrite.run(plain, out="same" + os.path.splitext(plain)[1])
        found = [(same, "copy")]
        if isinstance(capture, pal.Pcapng):
            return name, damaged, data, found, None
        there = rewrite.run(plain, out="there.pcapng")
        back = rewrite.run(there.out, "-F", "pcap", out="back")
        return name, damaged, data, found + [(there, "to pcapng"), (back, "and back")], plain

    for result in pal.at_once(one, names):
        if result is None:
            continue
        name, damaged, data, runs, plain = result
        for r, text in runs:
            t.healthy(r, "%s of %s" % (text, name), (1,) if damaged and text != "and back" else (0,))
        same = runs[0][0].data()
        t.equal(runs[0][0].summary()["lost"], {}, "copy of %s: lost" % name)
        if damaged:
            t.check(same and data.startswith(same), "copy of %s, damaged: not its beginning" % name)
        else:
            t.check(same == data, "copy of %s: other bytes" % name)
        if plain is None:
            continue
        got, want = rewrite.records(runs[2][0].data()), rewrite.records(data)
        t.check(got == want, "%s to pcapng and back: other records" % name)
    if tools and not pal.SANITIZED:
        pal.at_once(lambda item: seen_by_others(t, *item), names)


def seen_by_others(t, name, path):
    """The two programs that share no code with this one, on files of every kind."""
    plain = rewrite.plain_copy(path)
    if plain is None or pal.capture_in(pal.plain(path)) is None or os.path.getsize(plain) > 400000:
        return
    there = rewrite.run(plain, out="there.pcapng")
    fields = ("frame.time_epoch", "frame.number", "frame.len", "frame.cap_len", "frame.protocols", "_ws.col.Info")
    want, summary = rewrite.tshark(plain, *fields), capinfos(plain)
    # One of them has a link type that is not known to these.
    if summary and rewrite.times_fit_tshark(want):
        t.check(want == rewrite.tshark(there.out, *fields), "%s: tshark sees other packets" % name)
        t.equal(capinfos(there.out), summary, "%s: capinfos" % name)


def capinfos(path):
    out = subprocess.run(["capinfos", "-T", "-r", "-c", "-d", "-u", "-a", "-e", "-S", path], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False).stdout.decode()
    return out.split("\t", 1)[1:]


def compressed(t):
    """By content in, by name out; several members are one."""
    data = pal.plain(COMBINED)
    for text, squeezed in (("gzip", gzip.compress(data)), ("xz", lzma.compress(data)),
                           ("two gzip members", gzip.compress(data[:1000]) + gzip.compress(data[1000:]))):
        r = rewrite.run(pal.write_file("no.ending", squeezed), out="out.pcap")
        t.check(r.code == 0 and r.data() == data, "%s in" % text)
        r = rewrite.run("-", out="-", stdin=squeezed)
        t.check(r.code == 0 and r.stdout == data, "%s on standard input" % text)
    r = rewrite.run(COMBINED, out="out.pcap.gz")
    t.check(r.code == 0 and gzip.decompress(r.data()) == data, "gzip out")
    r = rewrite.run(COMBINED, out="out.pcapng.xz")
    t.check(lzma.decompress(r.data())[:4] == b"\x0a\x0d\x0d\x0a", "xz out")


def formats(t):
    """The format is what -F says, else what the name says, else that of the input."""
    def kind(data):
        return {b"\xd4\xc3\xb2\xa1": "us", b"\x4d\x3c\xb2\xa1": "ns", b"\x0a\x0d\x0d\x0a": "ng"}[data[:4]]

    for path, args, out, want in (
        (COMBINED, (), "x.pcapng", "ng"), (COMBINED, (), "x", "us"), (PCAPNG, (), "x", "ng"), (PCAPNG, (), "x.cap", "us"),
        (NANO, (), "x", "ns"), (NANO, ("-F", "pcap"), "x", "ns"), (NANO, ("-F", "usecpcap"), "x", "us"),
        (COMBINED, ("-F", "nsecpcap"), "x.pcapng", "ns"), (COMBINED, ("-o", "pcapng"), "x.pcap", "ng"),
        (COMBINED, ("-F", "pcapng"), "x.pcap.gz", "ng"),
    ):
        r = rewrite.run(path, *args, out=out)
        if t.healthy(r, "%s %s" % (args, out)):
            data = gzip.decompress(r.data()) if out.endswith(".gz") else r.data()
            t.equal(kind(data), want, "%s %s of %s" % (args, out, os.path.basename(path)))
    cut = rewrite.run(NANO, "-F", "usecpcap")
    t.check(cut.summary()["lost"].get("time_fractions", 0) > 0, "nanoseconds lost, and not told")


def blocks(t):
    """In pcapng nothing is lost by a filter: options, interfaces and blocks stay, also when it is read twice."""
    for path in [RICH] + [p for n, p in pal.small_captures().items() if n.endswith(".pcapng")]:
        data = pal.plain(path)
        for spec in ("greater 0", "Fragmentation:si%d", "Packets:1-"):
            r = rewrite.run(path, "-f", spec, out="out.pcapng")
            if t.healthy(r, "%s of %s" % (spec, path)):
                t.check(r.summary()["written_pkts"] < r.summary()["read_pkts"] or r.data() == data,
                        "%s of %s: other bytes" % (spec, os.path.basename(path)))
        r = rewrite.run(path, "--packets", "2", out="out.pcapng")
        kinds = [k for k in block_kinds(data) if k not in (2, 3, 6)]
        t.equal([k for k in block_kinds(r.data()) if k not in (2, 3, 6)], kinds, "blocks of %s" % path)


def block_kinds(data):
    kinds, at, order = [], 0, "little"
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "little" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else "big"
        kinds.append(int.from_bytes(data[at : at + 4], order))
        at += int.from_bytes(data[at + 4 : at + 8], order)
    return kinds


# splits and merges


def split_by_flow(t):
    """The parts of --split flow:7, each analysed, have the records of the whole. PAL_TEST_FULL=1: of all captures."""
    names = ["combined.pcap.gz", "vlan-collisions.pcap", "example.pcap", "gtp1_gn_normal_incl_fragmentation.pcap",
             "ip_fragmented_garbage.pcap", "emix.pcap", "vxlan-encapsulated-http.pcap", "wireshark_samples-test.pcapng"]
    for name, path in pal.captures().items():
        capture = pal.capture_in(pal.plain(path))
        # Packets without a time have that of the one before, which is another one in a part.
        if not (FULL or name in names) or capture is None or capture.damaged or capture.has_untimed():
            continue
        plain = rewrite.plain_copy(path)
        suffix = os.path.splitext(plain)[1]
        r = rewrite.run(plain, "--split", "flow:7", out="part" + suffix)
        if not t.healthy(r, "flow:7 of %s" % name):
            continue
        folder = os.path.dirname(r.out)
        parts = ["%s/part_%05d%s" % (folder, i, suffix) for i in range(7)]
        t.equal(sorted(os.listdir(folder)), [os.path.basename(p) for p in parts], "%s: parts" % name)
        whole = pal.run(plain, "-j", "1")
        runs = pal.at_once(lambda p: pal.run(p, "-j", "1"), parts)
        t.healthy(whole, name)
        for part in runs:
            t.healthy(part, "a part of %s" % name)
        got, want = [e for p in runs for e in p.flows()], whole.flows()
        t.check(flow_records(got) == flow_records(want), "%s: the parts have other records" % name)
        hosts = {tuple(sorted((e["src_ip"], e["dest_ip"]))) for e in want}
        t.check(sum(1 for p in runs if p.flows()) > 1 or len(hosts) < 5, "%s: all in one part" % name)
        t.equal(r.summary()["written_pkts"], r.summary()["read_pkts"], "%s: packets of all parts" % name)
        # Merged again they are what they were, but for packets of the same time.
        merged = rewrite.run(parts, out="merged" + suffix)
        t.healthy(merged, "merge of %s" % name)
        if suffix == ".pcap":
            t.check(sorted(rewrite.records(merged.data())) == sorted(rewrite.records(pal.plain(path))),
                    "%s: split and merged: other packets" % name)


def flow_records(flows):
    """
    Records of flows, without what says which file. Time stands still at the last packet of a part, which may be before
    a flow of it would time out.
    """
    aside = ("pcap_filename", "pcap_cnt")
    for e in flows:
        if e["flow"]["reason"] == "shutdown":
            e["flow"]["reason"] = "timeout"
    return sorted(repr([(k, v) for k, v in e.items() if k not in aside]) for e in flows)


def split_in_sequence(t):
    path = rewrite.plain_copy(COMBINED)
    whole = rewrite.records(pal.plain(path))
    for how, fits in (("packets:10", lambda part: len(part) <= 10), ("duration:5", span_below(5)), ("interval:60", one_interval(60)),
                      ("filesize:2", lambda part: sum(len(r[2]) + 16 for r in part[:-1]) + 24 < 2000)):
        r = rewrite.run(path, "-b", how, out="seq.pcap")
        if not t.healthy(r, how):
            continue
        folder = os.path.dirname(r.out)
        names = sorted(os.listdir(folder))
        parts = []
        for i, name in enumerate(names, 1):
            with open(os.path.join(folder, name), "rb") as f:
                parts.append(rewrite.records(f.read()))
            when = time.strftime("%Y%m%d%H%M%S", time.gmtime(parts[-1][0][1] // 10**9))
            t.equal(name, "seq_%05d_%s.pcap" % (i, when), "%s: name" % how)
        t.check(sum(parts, []) == whole, "%s: the parts are not the whole in order" % how)
        t.check(all(fits(p) for p in parts) and len(parts) > 1, "%s: %s" % (how, [len(p) for p in parts]))
        t.equal(r.summary()["outputs"], len(names), "%s: outputs" % how)
    # pcapng: each part can be read alone, with interfaces and names.
    r = rewrite.run(RICH, "-b", "packets:1", out="seq.pcapng")
    folder = os.path.dirname(r.out)
    for name in sorted(os.listdir(folder)):
        part = rewrite.run(os.path.join(folder, name), out="x.pcapng")
        t.healthy(part, "%s of a sequence" % name)
        t.equal(part.summary()["read_pkts"], 1, "%s of a sequence: packets" % name)


def span_below(seconds):
    return lambda part: all(r[1] - part[0][1] < seconds * 10**9 for r in part)


def one_interval(seconds):
    return lambda part: len({r[1] // 10**9 // seconds for r in part}) == 1


def merges(t):
    path = rewrite.plain_copy(COMBINED)
    capture = pal.Pcap(pal.plain(path))
    rng = random.Random(1)
    whole = sorted(rewrite.records(pal.plain(path)), key=lambda r: r[1])
    ordered = sorted(capture.records, key=lambda r: (int.from_bytes(r[:4], "little"), int.from_bytes(r[4:8], "little")))
    piles = [[] for _ in range(5)]
    for record in ordered:
        rng.choice(piles).append(record)
    parts = [pal.write_file("%d.pcap" % i, capture.head + b"".join(p)) for i, p in enumerate(piles)]
    r = rewrite.run(parts)
    if t.healthy(r, "merge of five"):
        got = rewrite.records(r.data())
        t.check([x[1] for x in got] == [x[1] for x in whole] and sorted(got) == sorted(whole), "merge of five: not in order of time")
    # More files than are open at once, one after the other.
    many = [pal.write_file("%03d.pcap" % i, capture.head + ordered[i % len(ordered)]) for i in range(300)]
    r = rewrite.run(many)
    if t.healthy(r, "merge of 300"):
        got = rewrite.records(r.data())
        t.check(len(got) == 300 and got == sorted(got, key=lambda x: x[1]), "merge of 300")
    # Different kinds: nothing of either is lost in pcapng, times stay in order.
    in_order = pal.write_file("in_order.pcap", capture.head + b"".join(ordered))
    r = rewrite.run([NANO, PCAPNG, in_order], out="mix.pcapng")
    if t.healthy(r, "merge of three kinds"):
        s = r.summary()
        t.equal(s["written_pkts"], s["read_pkts"], "merge of three kinds: packets")
        copy = rewrite.run(r.out, out="copy.pcapng")
        t.equal(copy.data(), r.data(), "merge of three kinds, read back")
        if pal.program("tshark"):
            times = [float(x) for x in rewrite.tshark(r.out, "frame.time_epoch")]
            t.check(times == sorted(times), "merge of three kinds: not in order of time")
    r = rewrite.run([NANO, COMBINED], out="mix.pcap")  # cooked and Ethernet
    t.equal(r.summary()["left_out"].get("other_link_type", 0) > 0, True, "two link types in a pcap file")
    t.healthy(rewrite.run([NANO, COMBINED], "--strict", out="mix.pcap"), "two link types, --strict", (4,))
    # One bad file does not stop the others.
    bad = pal.write_file("bad.pcap", b"this is no capture file, only text")
    r = rewrite.run([bad, COMBINED, "/no/such.pcap"])
    t.healthy(r, "two bad files of three", (1,))
    t.equal((r.summary()["read_pkts"], r.summary()["damaged_files"]), (68, 2), "two bad files of three")
    t.check(b"bad.pcap: not a capture" in r.stderr and b"/no/such.pcap: cannot be opened" in r.stderr, "bad files: %r" % r.stderr)


# the edges


def damage(t):
    """Bytes changed and files cut anywhere: what comes before is written, the place is said, nothing aborts."""
    rng = random.Random(7)
    jobs = []
    for name, path in pal.small_captures().items():
        data = pal.plain(path)
        if data is None or pal.capture_in(data) is None:
            continue
        for _ in range(12):
            changed = bytearray(data)
            for _ in range(rng.choice((1, 3, 10))):
                at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(len(data), 200))
                changed[at] = rng.randrange(256)
            jobs.append((name, bytes(changed[: rng.choice((len(data), rng.randrange(1, len(data) + 1)))])))
    options = [(), ("-F", "pcapng"), ("-f", "Fragmentation:sdipsdp%d"), ("-T", "rawip", "--decap"), ("-T", "ether"),
               ("--anonymise", pal.write_file("key", bytes(range(32)))), ("--split", "flow:3"), ("-b", "packets:5"),
               ("--strip-payload", "--strip-vlans", "-s", "70", "-t", "-1.5"), ("-F", "usecpcap", "--sample", "2"),
               ("--dedup", "5", "--community-id", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=")]

    def one(job):
        i, (name, data) = job
        return name, data, options[i % len(options)], rewrite.run(
            pal.write_file("damaged", data), *options[i % len(options)], out="out.pcapng" if i % 2 else "out.pcap")

    for name, data, args, r in pal.at_once(one, list(enumerate(jobs))):
        text = "%s, damaged, %s" % (name, args)
        if not t.healthy(r, text, (0, 1)):
            continue
        s = r.summary() if r.stdout else {"damaged_files": 1}
        t.equal(r.code, 1 if s["damaged_files"] else 0, "%s: exit code" % text)
        if r.code == 1:
            t.check(b"damaged" in r.stderr, "%s: says %r" % (text, r.stderr))
    # A capture cut in two: the whole packets are there, in any format.
    capture = pal.Pcap(pal.plain(COMBINED))
    cut = pal.write_file("cut.pcap", capture.first(40) + capture.records[40][:-1])
    for out in ("x.pcap", "x.pcapng"):
        r = rewrite.run(cut, out=out)
        t.healthy(r, "a cut file", (1,))
        t.equal(r.summary()["written_pkts"], 40, "a cut file: packets")
        t.check(b"cut.pcap: damaged at byte" in r.stderr, "a cut file: says %r" % r.stderr)


def in_place(t):
    """The output replaces what has its name when all is written, also an input; and not before."""
    path = rewrite.plain_copy(COMBINED)
    r = rewrite.run(path, "-f", "tcp", out=path)
    t.check(r.code == 0 and r.summary()["read_pkts"] == 68 and len(pal.Pcap(r.data()).records) == r.summary()["written_pkts"],
            "over its input: %r" % r.stderr)
    t.equal(os.listdir(os.path.dirname(path)), [os.path.basename(path)], "nothing is left beside it")
    old = pal.write_file("old.pcap", b"what was there before")
    for args in (("--strict", "-T", "rawip"), ("-f", "tcp and"), ("--dry-run",)):
        r = rewrite.run(COMBINED, *args, out=old)
        t.check(r.data() == b"what was there before", "%s: the old file is gone" % (args,))
        t.equal(os.listdir(os.path.dirname(old)), ["old.pcap"], "%s: left over" % (args,))
    dry, wet = rewrite.run(COMBINED, "-f", "tcp", "--dry-run"), rewrite.run(COMBINED, "-f", "tcp")
    a, b = dry.summary(), wet.summary()
    t.check(not os.path.exists(dry.out) and a.pop("dry_run") and not b.pop("dry_run") and a == b, "--dry-run: %s %s" % (a, b))


def exits(t):
    for bad in ((), (COMBINED,), ("--no-such", COMBINED, "x"), ("-f", "tcp and", COMBINED, "x"), ("-F", "snoop", COMBINED, "x"),
                ("-T", "fddi", COMBINED, "x"), ("-s", "0", COMBINED, "x"), ("-t", "later", COMBINED, "x"),
                ("--split", "flow:0", COMBINED, "x"), ("--split", "flow:300", COMBINED, "x"), ("--split", "files:3", COMBINED, "x"),
                ("--split", "flow:3", COMBINED, "-"), ("--split", "flow:3", "-b", "packets:3", COMBINED, "x"),
                ("--macs", "1:2:3:4:5:6", COMBINED, "x"), ("--anonymise", "/no/such", COMBINED, "x"),
                ("--anonymise", COMBINED, COMBINED, "x"), ("-f", "Dispatch", COMBINED, "x"), ("-f", "Dispatch:fk%fa", COMBINED, "x"),
                ("-f", "Dispatch:si%k%/no/such", COMBINED, "x"), ("-A", "noon", COMBINED, "x"), ("-", "-", "x")):
        p = subprocess.run([rewrite.PROGRAM, *bad], stdin=subprocess.DEVNULL, capture_output=True, cwd=pal.scratch(), timeout=60)
        t.equal(p.returncode, 2, "%s: exit code; %r" % (bad, p.stderr[-300:]))
        t.check(p.stderr.startswith(b"pcap-rewrite: ") or b"usage" in p.stderr or b"Try" in p.stderr, "%s: says %r" % (bad, p.stderr))
        t.check(not os.path.exists(os.path.join(pal.scratch(), "x")), "%s: wrote something" % (bad,))
    keys = pal.write_file("keys", b"10.0.0.1\n\n10.0.0.999\n")
    r = rewrite.run(COMBINED, "-f", "Dispatch:si%%k%%%s" % keys)
    t.check(r.code == 2 and (keys + ":3: '10.0.0.999' is no address").encode() in r.stderr, "a bad key: %r" % r.stderr)
    t.healthy(rewrite.run(COMBINED, out="/proc/no/out.pcap"), "a folder that is not there", (3,))
    t.healthy(rewrite.run(COMBINED, out="/dev/full"), "a full disk", (3,))
    for bad in (b"", b"short", b"this is not a capture file at all"):
        r = rewrite.run(pal.write_file("bad", bad))
        t.check(r.code == 1 and b"not a capture file" in r.stderr and not os.path.exists(r.out), "%r: %d %r" % (bad, r.code, r.stderr))
    for args in (("--help",), ("--version",)):
        p = subprocess.run([rewrite.PROGRAM, *args], capture_output=True, timeout=60)
        t.check(p.returncode == 0 and p.stdout and not p.stderr, "%s" % (args,))


def streams(t):
    data = pal.plain(COMBINED)
    r = rewrite.run(COMBINED, "-f", "tcp", out="-")
    file = rewrite.run(COMBINED, "-f", "tcp", out="x")
    t.check(r.stdout == file.data() and r.summary() == file.summary(), "standard output")
    t.check(not os.path.exists(os.path.join(os.getcwd(), "-")), "a file called -")
    p = subprocess.run([rewrite.PROGRAM, "-q", "-", "-"], input=data, capture_output=True, timeout=60)
    t.check((p.returncode, p.stdout, p.stderr) == (0, data, b""), "-q - -")
    # Who reads may have seen enough.
    p = subprocess.Popen([rewrite.PROGRAM, "-q", *[seed("nmap_tcp_22_ipv6.pcap")] * 100, "-"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    p.stdout.read(100)
    p.stdout.close()
    said = p.stderr.read()
    t.check(p.wait(60) == 0 and said == b"", "| head: %r" % said)
    # An interrupt ends a pipe where it is, and leaves files alone.
    out = os.path.join(pal.scratch(), "interrupted.pcap")
    p = subprocess.Popen([rewrite.PROGRAM, "-", out], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    p.stdin.write(data)
    p.stdin.flush()
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    said = p.stdout.read()
    code = p.wait(60)
    with open(out, "rb") as f:
        t.check(code == 0 and f.read() == data and b"written   68" in said, "interrupt of a pipe: %d %r" % (code, said))
    p.stdin.close()


def documents(t):
    """Options and exit codes are told alike by the program and by its manual."""
    def text_of(*path):
        with open(os.path.join(pal.TREE, *path), encoding="utf-8") as f:
            return f.read()

    args, manual = text_of("app", "pcap-rewrite", "args.c"), text_of("config", "pcap-rewrite.1.scd")
    real = dict(re.findall(r'^\t\{"([a-z-]+)", \w+_argument, NULL, (\'\w\'|\w+)\}', args, re.M))
    t.check(len(real) > 20, "no options in args.c")
    said = subprocess.run([rewrite.PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    options = manual[manual.index("# OPTIONS") : manual.index("# FILTERS")]
    t.equal(sorted(set(re.findall(r"(?<!\w)--([a-z][a-z-]*)", said))), sorted(real), "options in --help")
    t.equal(sorted(set(re.findall(r"\*--([a-z][a-z-]*)\*", options))), sorted(real), "options in the manual")
    for name, letter in real.items():
        if letter.startswith("'"):
            t.check("-%s, --%s" % (letter[1], name) in said, "--help: not -%s, --%s" % (letter[1], name))
            t.check("*-%s*, *--%s*" % (letter[1], name) in options, "manual: not -%s, --%s" % (letter[1], name))
    codes = set(re.findall(r"^\tRW_EXIT_\w+ = (\d)", text_of("app", "pcap-rewrite", "rewrite.h"), re.M))
    exits = manual[manual.index("# EXIT STATUS") : manual.index("# EXAMPLES")]
    t.equal(set(re.findall(r"^\*(\d)\*$", exits, re.M)), codes, "exit codes in the manual")
    t.equal(set(re.findall(r"(?:^|;)\s*(\d) ", said.split("Exit:")[1])), codes, "exit codes in --help")
    names = set(re.findall(r'\.name = "(\w+)",$', "".join(text_of("app", "pcap-rewrite", n) for n in
                sorted(os.listdir(os.path.join(pal.TREE, "app", "pcap-rewrite"))) if n.startswith("filter_")), re.M))
    t.equal(set(re.findall(r"\*(\w+):\*", manual[manual.index("# FILTERS") : manual.index("[[ ")])), names, "filters in the manual")
    script = ". %s; COMP_WORDS=(%s --st); COMP_CWORD=1; _pcap_rewrite; echo ${COMPREPLY[@]}" % (
        os.path.join(pal.TREE, "config", "pcap-rewrite.bash"), rewrite.PROGRAM)
    p = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    t.equal(sorted(set(p.stdout.split())), ["--strict", "--strip-payload", "--strip-vlans"], "completion: %s" % p.stderr)


def start_time(t):
    times = []
    for _ in range(5):
        before = time.monotonic()
        rewrite.run(COMBINED, "-f", "IP:10.0.0.1")
        times.append(time.monotonic() - before)
    print("start to end on a small capture: %.0f ms" % (1000 * min(times)))
    t.check(min(times) < 2, "a small capture takes %.1f s" % min(times))
    if shutil.which("ldd"):
        linked = subprocess.run(["ldd", rewrite.PROGRAM], capture_output=True, check=True).stdout
        t.check(b"librte" not in linked, "DPDK is linked")


def main():
    t = pal.Test()
    for part in (seed_filters, later_fragments, other_layers, bpf, editcap_letters, copies, compressed, formats, blocks,
                 split_by_flow, split_in_sequence, merges, damage, in_place, exits, streams, documents, start_time):
        if not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            part(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
