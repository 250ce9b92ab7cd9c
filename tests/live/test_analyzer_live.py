# SPDX-License-Identifier: BSD-3-Clause
"""
pcap-analyzer on a veth pair: the records of the same packets from a file, nothing lost unaccounted, signals.

    test_analyzer_live.py PCAP_ANALYZER
"""

import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

from livebed import Bed, require_live

PROGRAM = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent
CORPUS = pathlib.Path(os.environ.get("PAL_CORPUS", HERE.parents[2] / "shared" / "corpus")) / "captures"
SMALL = HERE.parent / "corpus"

# Ethernet captures whose frames fit the link, with what they exercise.
CAPTURES = [
    ("tcp/tcp-reassembly-synthetic.pcap", "TCP in all its orders"),
    ("tcp/synscan.pcap", "2000 short flows"),
    ("tcp/bug-7657-01-reused-ports.pcap", "ports used again"),
    ("fragments/ip4_fragments.pcap", "fragments"),
    ("protocols/ssh.pcap", "SSH"),
]
# The kernel's flow hash takes IPv6's flow label in, which differs per direction, and does as it likes with tagged and
# tunnelled frames: on several queues the order inside a flow is lost before PAL sees it, and where a connection ends may
# depend on it. Each packet must come to its flow all the same.
SPREAD = [
    ("protocols/ipv6.pcap", "FTP over IPv6"),
    ("protocols/arkime_synthetic.pcap", "80 protocols"),
    ("encap/vlan-collisions.pcap", "VLANs"),
    ("encap/gre-erspan-vxlan.pcap", "VXLAN in ERSPAN in GRE"),
    ("encap/geneve.pcap", "both directions in GENEVE, whose source ports differ"),
    ("encap/gtp1_gn_normal_incl_fragmentation.pcap", "GTP-U in fragments"),
    ("encap/6in4tunnel.pcap", "IPv6 in IPv4"),
    ("fragments/ip6_fragments.pcap", "fragments, whose flow labels differ"),
]
# Live time is not the file's: no flow may time out in one and not in the other.
NO_TIMEOUTS = [
    f"--set=flow.{proto}-{state}=1000000000"
    for proto in ("tcp", "udp", "icmp", "other")
    for state in ("new", "established")
] + ["--set=flow.tcp-closed=1000000000"]


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def load(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def flows_of(records):
    """Flow records without what differs between a file and a wire: times, file and interface."""
    out = []
    for record in records:
        if record["event_type"] != "flow":
            continue
        for key in ("timestamp", "pcap_filename", "pcap_cnt", "in_iface"):
            record.pop(key, None)
        for key in ("start", "end", "age"):
            del record["flow"][key]
        out.append(json.dumps(record, sort_keys=True))
    return sorted(out)


def ledger_of(records):
    """The ledger of the last pal_stats record; its books balance in every stage."""
    pal_stats = [r for r in records if r["event_type"] == "pal_stats"][-1]["pal"]
    for book in ("ledger", "ledger_inner"):
        for name, stage in {"all": pal_stats[book], **pal_stats[book]["stages"]}.items():
            check(stage["residual"]["pkts"] == 0, f"residual of {book} {name}: {stage}")
    return pal_stats["ledger"]


class Run:
    """pcap-analyzer in the receiving namespace."""

    def __init__(self, bed, *args):
        self.dir = tempfile.TemporaryDirectory()
        self.bed = bed
        self.rx = bed.start_rx([PROGRAM, "-q", "-i", bed.rx_if, "-o", self.dir.name, *args], cpu=bed.rx_cpu)
        deadline = time.monotonic() + 30
        while not bed.xdp_attached():
            check(self.rx.process.poll() is None, "pcap-analyzer ended at once")
            check(time.monotonic() < deadline, "no XDP program after 30 s")
            time.sleep(0.02)

    def finish(self, code=0):
        self.rx.finish()
        check(self.rx.returncode == code, f"exit code {self.rx.returncode}, not {code}")
        check(not self.bed.xdp_attached(), "the XDP program is still there")
        return load(f"{self.dir.name}/eve.json")


def offline(capture, *args):
    with tempfile.TemporaryDirectory() as out:
        code = os.spawnv(os.P_WAIT, PROGRAM, [PROGRAM, "-q", "-o", out, *args, str(capture)])
        check(code == 0, f"offline: exit code {code}")
        return load(f"{out}/eve.json")


def totals_of(records):
    """Packets and bytes of each pair of endpoints, in whatever order its packets came, and in however many flows."""
    totals = {}
    for r in records:
        if r["event_type"] != "flow":
            continue
        ends = sorted((r[f"{side}_ip"], r.get(f"{side}_port", 0)) for side in ("src", "dest"))
        depth = r.get("tunnel", {}).get("depth")
        total = totals.setdefault(str((r["proto"], ends, r.get("vlan"), depth, r.get("community_id"))), [0, 0])
        for direction in ("toserver", "toclient"):
            total[0] += r["flow"]["pkts_" + direction]
            total[1] += r["flow"]["bytes_" + direction]
    return sorted(totals.items())


def live(capture, queues, jobs):
    """The records of a capture that came over the wire."""
    with Bed(queues=queues, mtu=3000) as bed:
        run = Run(bed, "-j", str(jobs), *NO_TIMEOUTS)
        # Paced: what is asked here is whether records are equal, not how fast.
        sent = bed.replay(capture, pps=20000)
        records = run.finish()
    ledger = ledger_of(records)
    check(sent["refused"] == 0 and sent["skipped"] == 0, f"not all was sent: {sent}")
    check(ledger["in"]["pkts"] == sent["sent"], f"offered {ledger['in']}, sent {sent}")
    check(ledger["out"]["pkts"] > 0, "nothing delivered")
    return records


def compare(capture, expected, got):
    offline_only, live_only = ([r for r in a if r not in b] for a, b in ((expected, got), (got, expected)))
    for where, record in [("offline", r) for r in offline_only[:2]] + [("live", r) for r in live_only[:2]]:
        print("only", where, record)
    check(got == expected, f"{capture.name}: {len(expected)} offline, {len(got)} live")


def same_records_as_from_a_file(capture, queues, jobs):
    compare(capture, flows_of(offline(capture, *NO_TIMEOUTS)), flows_of(live(capture, queues, jobs)))


def packets_meet_whatever_queue_they_come_by(capture, queues, jobs):
    compare(capture, totals_of(offline(capture, *NO_TIMEOUTS)), totals_of(live(capture, queues, jobs)))


def a_million_packets_are_accounted_for(queues, jobs):
    with Bed(queues=queues) as bed:
        run = Run(bed, "-j", str(jobs))
        sent = bed.generate(n=1_000_000, flows=1000)
        time.sleep(0.2)
        records = run.finish()
    ledger = ledger_of(records)
    check(ledger["in"]["pkts"] == sent["sent"], f"offered {ledger['in']['pkts']}, sent {sent['sent']}")
    flow_pkts = sum(
        r["flow"]["pkts_toserver"] + r["flow"]["pkts_toclient"] for r in records if r["event_type"] == "flow"
    )
    check(flow_pkts == ledger["out"]["pkts"], f"{flow_pkts} packets in flows, {ledger['out']['pkts']} delivered")
    lost = sent["sent"] - ledger["out"]["pkts"]
    print(f"queues {queues} jobs {jobs}: {sent['sent']} sent at {sent['pps']:.0f} pps, {lost} lost: {ledger['exits']}")
    check(lost < sent["sent"] // 2, "more was lost than delivered")


def sigterm_in_the_middle_leaves_complete_output():
    with Bed(queues=2) as bed:
        run = Run(bed, "-j", "2")
        sender = threading.Thread(target=bed.generate, kwargs={"n": 1_000_000, "flows": 500})
        sender.start()
        time.sleep(1)
        records = run.finish()
        sender.join()
    ledger = ledger_of(records)
    check(ledger["out"]["pkts"] > 1000, f"delivered {ledger['out']}")
    flows = [r for r in records if r["event_type"] == "flow"]
    check(sum(r["flow"]["pkts_toserver"] + r["flow"]["pkts_toclient"] for r in flows) == ledger["out"]["pkts"],
          "flow records do not add up to what was delivered")
    check({r["flow"]["reason"] for r in flows} == {"shutdown"}, "reasons other than shutdown")


def sigkill_then_restart_works():
    with Bed(queues=2) as bed:
        run = Run(bed, "-j", "2")
        bed.generate(n=10_000)
        run.rx.kill()
        deadline = time.monotonic() + 5
        while bed.xdp_attached():
            check(time.monotonic() < deadline, "the XDP program outlives the process")
            time.sleep(0.02)
        run = Run(bed, "-j", "2")
        sent = bed.generate(n=10_000, pps=20000)
        ledger = ledger_of(run.finish())
    check(ledger["in"]["pkts"] == sent["sent"] and ledger["out"]["pkts"] > 0, f"{ledger} after a restart")


def strict_tells_a_loss():
    with Bed() as bed:
        run = Run(bed, "--strict")
        run.rx.send(signal.SIGSTOP)
        sent = bed.generate(n=50_000)
        run.rx.send(signal.SIGCONT)
        time.sleep(0.2)
        records = run.finish(code=4)
    ledger = ledger_of(records)
    check(ledger["in"]["pkts"] == sent["sent"], f"offered {ledger['in']}, sent {sent}")
    check("kernel_ring_full" in ledger["exits"], f"exits {ledger['exits']}")


def usr1_and_interval_write_statistics():
    with Bed() as bed:
        run = Run(bed, "--set=output.stats-interval=1")
        bed.generate(n=1000, pps=10000)
        run.rx.send(signal.SIGUSR1)
        time.sleep(2.5)
        records = run.finish()
    count = sum(r["event_type"] == "stats" for r in records)
    check(count >= 4, f"{count} stats records")


def captures(names):
    found = [CORPUS / name for name, _ in names if (CORPUS / name).exists()]
    if not found:
        print("the corpus is absent: captures of tests/corpus only")
    return found + [SMALL / "nanosecs_big_endian.pcap"]


def main():
    require_live()
    cases = [(same_records_as_from_a_file, (c, q, j)) for c in captures(CAPTURES) for q, j in ((1, 1), (4, 2))]
    cases += [(same_records_as_from_a_file, (c, 1, 2)) for c in captures(SPREAD)]
    cases += [(packets_meet_whatever_queue_they_come_by, (c, 4, j)) for c in captures(SPREAD) for j in (2, 3)]
    cases += [(a_million_packets_are_accounted_for, (q, j)) for q, j in ((1, 1), (2, 2), (4, 2))]
    cases += [
        (sigterm_in_the_middle_leaves_complete_output, ()),
        (sigkill_then_restart_works, ()),
        (strict_tells_a_loss, ()),
        (usr1_and_interval_write_statistics, ()),
    ]
    failed = 0
    for case, args in cases:
        name = " ".join([case.__name__, *(a.name if isinstance(a, pathlib.Path) else str(a) for a in args)])
        try:
            case(*args)
            print("ok  ", name, flush=True)
        except (AssertionError, RuntimeError) as error:
            failed += 1
            print("FAIL", name, error, flush=True)
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
