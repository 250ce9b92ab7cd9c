#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What users' fingers and scripts expect of pcap-analyzer: options, errors, exit codes, what goes where."""
import gzip
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pal

COMBINED = os.path.join(pal.SMALL, "combined.pcap.gz")
SEVERAL_FLOWS = os.path.join(pal.SMALL, "bug-7657-01-reused-ports.pcap")
TWO_LINKS = os.path.join(pal.SMALL, "pcapng-example.pcapng.zst")


def call(*args, stdin=None, cwd=None, env=None):
    p = subprocess.run(
        [pal.PROGRAM, *args],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=60,
        cwd=cwd or pal.scratch(),
        env=dict(os.environ, **env) if env else None,
    )
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def new_folder():
    return tempfile.mkdtemp(dir=pal.scratch())


def usage_errors(t):
    ini = pal.write_file("bad.ini", b"[flow]\nmax-flows = 1024\ntcp-neww = 3\n")
    for args, what in (
        ((), "nothing to read"),
        (("--frob", COMBINED), "unrecognized option '--frob'"),
        (("-j",), "requires an argument"),
        (("-j", "x", COMBINED), "-j: workers = x"),
        (("-j", "127", COMBINED), "-j: workers = 127"),
        (("-s", "-1", COMBINED), "-s -1: must be a whole number"),
        (("--count", "1k", COMBINED), "--count 1k: must be a whole number"),
        (("-k", "some", COMBINED), "none|all"),
        (("--set", "flow.max-flow=1024", COMBINED), "Did you mean flow.max-flows?"),
        (("--set", "flw.max-flows=1024", COMBINED), "Did you mean flow.max-flows?"),
        (("--set", "flow.max-flows=10", COMBINED), "from 512 to"),
        (("--set", "flow.max-flows", COMBINED), "flow.max-flows"),
        (("--set", "file.buffers=2", COMBINED), "file.buffers = 2"),
        (("--set", "plugin.flows.jsn=no", COMBINED), "Did you mean json?"),
        (("--set", "plugin.flow.json=no", COMBINED), "Did you mean flows?"),
        (("-c", "/nonexistent.ini", COMBINED), "/nonexistent.ini: No such file"),
        (("-c", ini, COMBINED), "bad.ini:3: unknown key flow.tcp-neww. Did you mean flow.tcp-new?"),
        (("-f", "port foo bar", COMBINED), "-f port foo bar: "),
        (("-F", "/nonexistent", COMBINED), "-F /nonexistent: No such file"),
        (("-F", "/dev/null", COMBINED), "-F /dev/null: is empty"),
        (("-p", "nonesuch", COMBINED), "no plugin is called 'nonesuch'"),
        (("-i", "lo", COMBINED), "do not go together"),
        (("--color=purple", COMBINED), "always, never or auto"),
    ):
        outdir = os.path.join(new_folder(), "out")
        code, out, err = call("-o", outdir, *args)
        t.equal(code, 2, "%s: exit code (%s)" % (args, err))
        t.check(what in err and out == "", "%s: says %r" % (args, out + err))
        t.check(err.count("\n") <= 2 and "EAL" not in err, "%s: noise: %r" % (args, err))
        t.check(not os.path.exists(outdir), "%s: made its folder before it found the mistake" % (args,))


def environment_errors(t):
    taken = pal.write_file("file", b"")
    blocked = new_folder()
    os.mkdir(os.path.join(blocked, "eve.json"))
    for args, what in (
        (("-o", os.path.join(taken, "sub"), COMBINED), "cannot make this folder: Not a directory"),
        (("-o", blocked, COMBINED), "eve.json: cannot write: Is a directory"),
        (("--set", "output.eve-file=/dev/full", "-o", new_folder(), COMBINED), "No space left on device"),
        (("-w", "/nonexistent/x.pcapng", "-o", new_folder(), COMBINED), "cannot write: No such file"),
        (("-i", "nonesuch0"), "-i nonesuch0: "),
    ):
        code, out, err = call("-q", *args)
        t.equal(code, 3, "%s: exit code (%s)" % (args, err))
        t.check(what in err and err.count("\n") <= 2 and "EAL" not in err, "%s: says %r" % (args, err))
    for name, why in (("net_nonesuch0", "no driver takes it"), ("0000:ff:1f.7", "No such device")):
        code, out, err = call("-q", "--no-huge", "-o", new_folder(), "-i", name)
        t.check(code == 3 and "%s: no such DPDK port: %s. Try: " % (name, why) in err, "-i %s: %d %r" % (name, code, err))


def questions(t):
    code, out, err = call("--help")
    t.check(code == 0 and out.startswith("pcap-analyzer: ") and err == "", "--help: %s" % err)
    for option in ("-r", "-i", "-c", "--set", "-T", "--dump-config", "-o", "--json", "-p", "--list-plugins", "-j", "-f",
                   "-F", "-s", "--count", "-w", "-k", "-D", "-q", "-v", "-V", "-h", "--progress", "--color", "--strict",
                   "--no-huge", "-l"):
        t.check(re.search(r"(^|[\s,(])%s\b" % option, out, re.M), "--help does not know %s" % option)
    code, out, err = call("-V")
    t.check(code == 0 and re.fullmatch(r"pcap-analyzer \d+\.\d+\.\d+ \(DPDK [\d.]+\)\n", out), "-V: %r" % out)
    code, out, err = call("-T")
    t.check(code == 0 and err == "" and out.count("\n") == 1, "-T: %r" % (out + err))
    for option in ("--list-plugins", "--list-builders"):
        code, out, err = call(option)
        for name in ("basic-stats", "community-id", "flows", "template"):
            t.check(re.search("^%s +\\d" % name, out, re.M), "%s: no %s" % (option, name))
        t.check("plugin.flows.json = yes" in out and code == 0, "%s: no keys: %r" % (option, out))
    code, out, err = call("-D")
    t.check(code == 0 and re.search(r"^lo\b", out, re.M), "-D: %r" % (out + err))


def origins(t):
    ini = pal.write_file("my.ini", b"[flow]\nmax-flows = 2048\nudp-new = 11\n[plugin.flows]\njson = no\n")
    code, out, err = call("--set", "flow.udp-new=7", "-c", ini, "-j", "3", "-o", "/some/where", "--dump-config")
    t.check(code == 0 and err == "", "--dump-config: %s" % err)
    lines = out.splitlines()
    for value, origin in (
        ("max-flows = 2048", "my.ini:2)"),
        ("udp-new = 7", "(--set)"),
        ("workers = 3", "(-j)"),
        ("dir = /some/where", "(-o)"),
        ("tcp-new = 60", "(default)"),
        ("json = no", "my.ini:5)"),
    ):
        at = lines.index(value) if value in lines else -1
        t.check(at > 0 and origin in lines[at - 1], "--dump-config: %s is not said to be %s" % (value, origin))
    again = pal.write_file("again.ini", out.encode())
    code, second, err = call("-c", again, "--dump-config")
    values = [x for x in lines if not x.startswith("#")]
    t.check([x for x in second.splitlines() if not x.startswith("#")] == values, "a dumped configuration differs: %s" % err)


def plugins(t):
    all_files = {"eve.json", "basic-stats.json", "community-ids.json", "flows.json"}
    for args, files in (
        ((), all_files),
        (("-p", "flows"), {"eve.json", "flows.json"}),
        (("-p", "flow"), {"eve.json", "flows.json"}),
        (("-p", "BASIC,communi"), {"eve.json", "basic-stats.json", "community-ids.json"}),
        (("-p", "template"), {"eve.json", "template.json"}),
        (("--set", "plugins.load=template"), {"eve.json", "template.json"}),
        (("--set", "plugin.flows.json=no"), all_files - {"flows.json"}),
        (("--set", "output.eve=no"), all_files - {"eve.json"}),
        (("--set", "output.eve-file=other.json"), all_files - {"eve.json"} | {"other.json"}),
    ):
        run = pal.run(COMBINED, *args)
        if t.healthy(run, "%s" % (args,)):
            t.equal(set(os.listdir(run.outdir)), files, "%s: files" % (args,))
    run = pal.run(COMBINED, "-p", "template")
    t.check(run.document("template.json")["payloads"] > 0, "template counts nothing")
    seeded = pal.run(COMBINED, "--set", "plugin.community-id.seed=1")
    plain = pal.run(COMBINED)
    ids = [{f["community_id"] for f in r.flows()} for r in (seeded, plain)]
    t.check(not ids[0] & ids[1] and len(ids[0]) == len(ids[1]), "another seed gives the same ids")


def filters(t):
    if pal.program("tcpdump") is None:
        return
    raw = pal.write_file("c.pcap", pal.plain(COMBINED))
    for name, path in (("combined", raw), ("vlan", os.path.join(pal.SMALL, "vlan-collisions.pcap")),
                       ("cooked", os.path.join(pal.SMALL, "tcp-handshake-nano.pcap"))):
        for expression in ("tcp", "udp or icmp", "icmp6", "port 80", "not arp", "vlan", "host 1.2.3.4", "tcp[13] & 2 != 0",
                           "greater 100", "ip6 and not tcp"):
            p = subprocess.run(["tcpdump", "-r", path, "--count", expression], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
            if p.returncode != 0:
                continue
            want = int(p.stdout.split()[0])
            run = pal.run(path, "-f", expression)
            if t.healthy(run, "-f %s" % expression):
                pal_stats = run.stats()[1]
                taken = pal_stats["ledger"]["stages"]["input"]["out"]["pkts"]
                t.equal(taken, want, "-f %r of %s: packets" % (expression, name))
                t.equal(pal.residuals(pal_stats), [], "-f %r: residuals" % expression)
    expression = pal.write_file("filter", b"tcp and\n  port 80\n")
    by_file, by_option = pal.run(raw, "-F", expression), pal.run(raw, "-f", "tcp and port 80")
    t.check(by_file.lines() == by_option.lines() and by_file.flows(), "-F is not -f")


def flat(run):
    events = run.events("flow")
    for e in events:
        e.pop("pcap_filename")
        e.pop("pcap_cnt")
    return sorted(map(repr, events))


def skip_and_count(t):
    capture = pal.Pcap(pal.plain(COMBINED))
    total = len(capture.records)
    for skip, count in ((0, 0), (10, 0), (0, 10), (10, 30), (67, 0), (68, 0), (1000, 0), (30, 10), (0, 1), (0, 68), (0, 1000)):
        args = (["-s", str(skip)] if skip else []) + (["--count", str(count)] if count else [])
        for j in ("1", "2"):
            run = pal.run(COMBINED, "-j", j, *args)
            if not t.healthy(run, "%s" % args):
                continue
            pal_stats = run.stats()[1]
            ledger = pal_stats["ledger"]
            taken = min(count or total, total)
            t.equal(ledger["in"]["pkts"], taken, "%s: packets read" % args)
            t.equal(ledger["exits"].get("skipped", {"pkts": 0})["pkts"], min(skip, taken), "%s: skipped" % args)
            t.equal(pal.residuals(pal_stats), [], "%s: residuals" % args)
            part = pal.Pcap(capture.first(taken))
            part.records = part.records[skip:]
            slice_ = pal.run(pal.write_file("slice.pcap", part.first(total)), "-j", "1")
            t.check(flat(run) == flat(slice_), "%s -j %s: not the flows of these packets alone" % (args, j))
    # Over several files the numbers go on.
    run = pal.run([COMBINED, COMBINED], "-s", "60", "--count", "100")
    ledger = run.stats()[1]["ledger"]
    t.equal((ledger["in"]["pkts"], ledger["exits"]["skipped"]["pkts"]), (100, 60), "-s over two files")


def corrupted(record, header):
    """The same record with one wrong bit where a checksum covers it; None where there is none that is checked."""
    frame = bytearray(record)
    eth = header
    cap, wire = int.from_bytes(record[8:12], "little"), int.from_bytes(record[12:16], "little")
    kind, ip = int.from_bytes(record[eth + 12 : eth + 14], "big"), eth + 14
    if cap != wire or kind not in (0x0800, 0x86DD):
        return None
    if kind == 0x0800:
        end, proto = ip + int.from_bytes(record[ip + 2 : ip + 4], "big"), record[ip + 9]
    else:
        end, proto = ip + 40 + int.from_bytes(record[ip + 4 : ip + 6], "big"), record[ip + 6]
    if proto not in (1, 6, 17, 58):
        return None
    frame[end - 1] ^= 0x10
    return bytes(frame)


def checksums(t):
    capture = pal.Pcap(pal.plain(COMBINED))
    t.check("checksum_bad" not in pal.run(COMBINED, "-k", "all").stats()[1]["ledger"]["exits"], "-k all: a right one")
    bad = 0
    for i, record in enumerate(capture.records):
        wrong = corrupted(record, capture.header)
        if wrong is not None and i % 2:
            bad += 1
            capture.records[i] = wrong
    t.check(bad > 15, "only %d packets could be made wrong" % bad)
    damaged = pal.write_file("bad.pcap", capture.first(len(capture.records)))
    # The header of IPv4: a TTL that is not the one summed up.
    ttl = pal.Pcap(pal.plain(SEVERAL_FLOWS))
    for i, record in enumerate(ttl.records):
        ttl.records[i] = record[: ttl.header + 22] + bytes([record[ttl.header + 22] ^ 1]) + record[ttl.header + 23 :]
    ttl_path = pal.write_file("ttl.pcap", ttl.first(len(ttl.records)))
    for path, want in ((damaged, bad), (ttl_path, len(ttl.records))):
        run = pal.run(path, "-k", "all")
        if t.healthy(run, "-k all"):
            pal_stats = run.stats()[1]
            ledger = pal_stats["ledger"]
            t.equal(ledger["exits"].get("checksum_bad", {"pkts": 0})["pkts"], want, "-k all: wrong checksums")
            t.equal(pal.residuals(pal_stats), [], "-k all: residuals")
        ignored = pal.run(path, "-k", "none").stats()[1]["ledger"]["exits"]
        t.check("checksum_bad" not in ignored, "-k none drops packets")
    # What the sender's NIC would have completed is not wrong: tshark says so of 10 of these.
    offloaded = pal.run(os.path.join(pal.SMALL, "nanosecs_big_endian.pcap"), "-k", "all")
    t.check("checksum_bad" not in offloaded.stats()[1]["ledger"]["exits"], "-k all drops what an offload left open")


def times_that_fit(packets):
    """Without times beyond what 64 bits of nanoseconds hold: those are cut off."""
    return [p if float(p.split()[0]) < 2**64 / 1e9 - 1 else p.split(b"\t", 1)[1] for p in packets]


def tshark_packets(path):
    """time, lengths, link type, hash of each packet"""
    out = subprocess.run(
        ["tshark", "-n", "-r", path, "-o", "frame.generate_md5_hash:TRUE", "-T", "fields", "-e", "frame.time_epoch",
         "-e", "frame.cap_len", "-e", "frame.len", "-e", "frame.encap_type", "-e", "frame.md5_hash"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    return out.splitlines()


def written_packets(t):
    if pal.program("tshark") is None:
        return
    big = [p for n, p in pal.captures().items() if n in ("many_interfaces-1.pcapng", "sll.pcap", "decode-sll2-02.pcap")]
    for path in [os.path.join(pal.SMALL, "tcp-handshake-nano.pcap"), COMBINED, TWO_LINKS, SEVERAL_FLOWS] + big:
        name = os.path.basename(path)
        source = pal.write_file(name, pal.plain(path)) if pal.plain(path) else path
        for j in ("1", "3"):
            written = os.path.join(new_folder(), "out.pcapng")
            run = pal.run(source, "-w", written, "-j", j)
            if t.healthy(run, "-w of %s" % name):
                ours, theirs = times_that_fit(tshark_packets(written)), times_that_fit(tshark_packets(source))
                t.check(ours == theirs, "-w of %s -j %s: other packets" % (name, j))
                again = pal.run(written, "-j", j)
                t.check(flat(again) == flat(run), "-w of %s: read back, other flows" % name)
    written = os.path.join(new_folder(), "out.pcapng")
    pal.run(COMBINED, "-w", written, "-f", "tcp", "-s", "5")
    t.equal(len(tshark_packets(written)), 29, "-w with -f: packets")


def said_on_terminal(*args, env=None):
    """What the program says on standard error where that is a terminal."""
    ours, theirs = pty.openpty()
    p = subprocess.run([pal.PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs,
                       timeout=60, cwd=pal.scratch(), env={**os.environ, "NO_COLOR": "", **(env or {})})
    os.write(theirs, b"\0")  # never a read that waits for ever
    said = b""
    while not said.endswith(b"\0"):
        said += os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    return p.returncode, said[:-1].decode()


def colours(t):
    red = "\033[1;31m"
    for args, want in (((), True), (("--color=auto",), True), (("--color=never",), False), (("--color",), True)):
        code, said = said_on_terminal("-q", "-o", new_folder(), *args, "/nonexistent")
        t.check(code == 1 and (red + "pcap-analyzer:" in said) == want, "terminal, %s: %r" % (args, said))
    code, said = said_on_terminal("-q", "-o", new_folder(), "/nonexistent", env={"NO_COLOR": "1"})
    t.check(code == 1 and "\033" not in said, "NO_COLOR: %r" % said)
    for args, want in (((), False), (("--color=auto",), False), (("--color=always",), True)):
        code, out, err = call("-o", new_folder(), *args, "/nonexistent", COMBINED)
        t.check(code == 1 and (red in err) == want and (red + "damaged 1" in out) == want, "%s: %r" % (args, out + err))
    # Progress: shown where people look, and gone when the run is over.
    files = [COMBINED, SEVERAL_FLOWS] * 5000
    for args, want in (((), True), (("-q",), False)):
        code, said = said_on_terminal("-o", new_folder(), "-j", "1", *args, *files)
        t.check(code == 0 and ("ETA" in said) == want and (not want or said.endswith("\r\033[K")),
                "progress on a terminal %s: %r" % (args, said[-300:]))


def streams(t):
    plain = pal.run(COMBINED, "-j", "1")
    want = flat(plain)
    for args in (("--json",), ("-o", "-"), ("--set", "output.eve-file=-", "-p", "community-id,flows", "--set",
                                            "plugin.flows.json=no", "--set", "plugin.community-id.json=no")):
        cwd = new_folder()
        code, out, err = call("-j", "1", *args, COMBINED, cwd=cwd)
        t.equal(code, 0, "%s: exit code" % (args,))
        events = pal.parse_lines(out.encode())
        t.equal(len(events), len(plain.events()), "%s: records" % (args,))
        t.check(err.startswith("packets 68 ") and "EAL" not in err, "%s: summary on standard error: %r" % (args, err))
        t.equal(os.listdir(cwd), [], "%s: files beside the output" % (args,))
        code, out, err = call("-q", "-j", "1", *args, COMBINED, cwd=cwd)
        t.check(code == 0 and err == "" and pal.parse_lines(out.encode()), "%s -q: %r" % (args, err))
    code, out, err = call("-j", "1", "-o", new_folder(), COMBINED)
    t.check(code == 0 and err == "" and 5 <= out.count("\n") <= 6, "summary: %r %r" % (out, err))
    code, out, err = call("-q", "-o", new_folder(), COMBINED)
    t.check((code, out, err) == (0, "", ""), "-q: %r" % (out + err))
    code, out, err = call("-v", "-o", new_folder(), COMBINED)
    t.check(code == 0 and "arp" in out and "residual" in out and err == "", "-v: %r" % (out + err))
    code, out, err = call("-q", "--progress", "-o", new_folder(), COMBINED)
    t.check(code == 0 and out == "", "--progress: %r" % out)
    code, out, err = call("--strict", "-q", "-o", new_folder(), COMBINED)
    t.check((code, out, err) == (0, "", ""), "--strict: %r" % (out + err))
    for text, data in (("plain", pal.plain(COMBINED)), ("gzip", gzip.compress(pal.plain(COMBINED))),
                       ("two gzip members", gzip.compress(pal.plain(COMBINED)[:900]) + gzip.compress(pal.plain(COMBINED)[900:]))):
        run = pal.run("-", "-j", "1", stdin=data)
        if t.healthy(run, "standard input, %s" % text):
            t.check(flat(run) == want, "standard input, %s: other flows" % text)
    run = pal.run("-", stdin=pal.plain(COMBINED)[:-1])
    t.check(run.code == 1 and b"standard input: damaged" in run.stderr, "cut standard input: %r" % run.stderr)
    run = pal.run("-", stdin=b"")
    t.check(run.code == 1 and b"standard input" in run.stderr, "empty standard input: %r" % run.stderr)


def several_inputs(t):
    capture = pal.Pcap(pal.plain(COMBINED))
    folder = new_folder()
    for name, data in zip("cab", capture.parts(3)):  # out of order by name
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)
    for hidden in (".hidden", "sub/nested"):
        path = os.path.join(folder, hidden)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(COMBINED, path)
    run = pal.run(folder, "-j", "1")
    by_name = pal.run([os.path.join(folder, n) for n in "abc"], "-j", "1")
    t.healthy(run, "folder")
    t.check(run.lines() == by_name.lines(), "a folder is not read in name order")
    t.equal(run.stats()[1]["ledger"]["in"]["pkts"], 68, "folder: packets")
    mixed = pal.run(["-r", COMBINED, folder], "-j", "1")
    t.equal(mixed.stats()[1]["ledger"]["in"]["pkts"], 136, "-r and a folder: packets")
    text = pal.write_file("notes.txt", b"this is no capture\n" * 9)
    run = pal.run([COMBINED, "/nonexistent.pcap", text, SEVERAL_FLOWS], "-j", "1")
    t.healthy(run, "two bad files of four", (1,))
    said = run.stderr.decode()
    t.check("/nonexistent.pcap: cannot be opened: No such file" in said and "notes.txt: not a capture" in said
            and said.count("\n") == 2, "bad files: %r" % said)
    t.equal(run.stats()[1]["ledger"]["in"]["pkts"], 100, "bad files: packets of the good ones")
    files = {os.path.basename(f["pcap_filename"]) for f in run.flows()}
    t.equal(files, {os.path.basename(COMBINED), os.path.basename(SEVERAL_FLOWS)}, "pcap_filename")
    code, out, err = call("-q", "-o", new_folder(), new_folder())
    t.check(code == 1 and "no file in this folder" in err, "empty folder: %d %r" % (code, err))
    code, out, err = call("-q", "-o", "deep/er/out", COMBINED)
    t.check(code == 0 and os.path.exists(os.path.join(pal.scratch(), "deep/er/out/eve.json")), "-o deep: %r" % err)


def closed_pipe(t):
    files = [COMBINED, SEVERAL_FLOWS] * 2000  # far more than a pipe holds
    p = subprocess.Popen([pal.PROGRAM, "--json", "-j", "1"] + files, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = p.stdout.readline()
    p.stdout.close()
    said = p.stderr.read()
    code = p.wait(60)
    t.check(line.startswith(b"{") and code == 0 and said == b"", "| head -1: %d %r" % (code, said[-500:]))


def start_time(t):
    # Files need none of the distribution's drivers: opening them all is half of what a start costs.
    p = subprocess.Popen([pal.PROGRAM, "-q", "-o", new_folder(), "-"], stdin=subprocess.PIPE)
    p.stdin.write(pal.plain(COMBINED))
    p.stdin.flush()
    time.sleep(1)
    with open("/proc/%d/maps" % p.pid) as f:
        drivers = set(re.findall(r"librte_(?:net|bus|crypto|mempool|event|common|raw)_\w+", f.read()))
    p.communicate()
    t.equal(drivers, {"librte_mempool_ring"}, "drivers that are open")
    times = []
    for _ in range(5):
        before = time.monotonic()
        pal.run(COMBINED, "-j", "1")
        times.append(time.monotonic() - before)
    print("start to end on a small capture: %.2f s (%.2f to %.2f)" % (sorted(times)[2], min(times), max(times)))
    t.check(min(times) < 5, "a small capture takes %.1f s" % min(times))


def main():
    t = pal.Test()
    for part in (usage_errors, environment_errors, questions, origins, plugins, filters, skip_and_count, checksums,
                 written_packets, colours, streams, several_inputs, closed_pipe, start_time):
        if not sys.argv[1:] or part.__name__ in sys.argv[1:]:
            part(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
