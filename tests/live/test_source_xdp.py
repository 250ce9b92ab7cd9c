#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""
The AF_XDP source on veth: the books balance to the packet, whatever happens. 

    test_source_xdp.py PROGRAM pal_xdp.bpf.o pktgen.bpf.o
"""

import json
import signal
import struct
import subprocess
import sys
import tempfile
import time

import livebed
from livebed import Bed, require_live

PROGRAM, OUR_BPF, OTHER_BPF = sys.argv[1:]
PACKETS = 1_000_000
RING = 2048  # descriptors of the receive ring, when nothing else is asked for
MBUFS = 8192  # buffers, as well

# Counts what the kernel's own stack receives on an interface.
TAP = """
import signal, socket, sys
tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
tap.bind((sys.argv[1], 0))
tap.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
print("ready")
n = 0
try:
    while True:
        tap.recv(64)
        n += 1
except KeyboardInterrupt:
    print(n)
"""


def check(ok, *what):
    if not ok:
        print("FAILED:", *what)
        sys.exit(1)


def start(bed, *args, iface=None, ready=True, prefix=()):
    rx = bed.start_rx([*prefix, PROGRAM, "-i", iface or bed.rx_if, "-c", str(bed.rx_cpu), *args])
    first = json.loads(rx.wait_line('"ready"'))
    check(first["ready"] == ready, "open:", first)
    return rx, first


def settle():
    """veth's poll runs in the sender's context, but may be put off to ksoftirqd."""
    time.sleep(0.3)


def finish(bed, rx, sent):
    settle()
    books = json.loads(rx.finish()[-1])
    exits = sum(books["exits"].values())
    print(f"  sent {sent['sent']} at {sent['pps']} pps: received {books['received']} on {books['queues']},"
          f" lost {books['exits']}, {books['cycles_per_pkt']} cycles a packet")
    check(rx.returncode == 0, "exit", rx.returncode)
    check(books["offered"] == sent["sent"], "offered", books["offered"], "sent", sent)
    check(books["received"] + exits == sent["sent"], "received + lost is not sent", books, sent)
    check(books["offered_bytes"] == books["bytes"], books)
    check(books["bad"] == 0 and books["backwards"] == 0, books)
    check(books["disordered"] == 0 and books["split_flows"] == 0, books)
    check(not bed.xdp_attached(), "program still attached")
    return books


def all_queues_balance(queues, threads):
    with Bed(queues=queues) as bed:
        rx, first = start(bed, "-t", str(threads))
        check(first["queues"] == queues, "queues", first)
        check(bed.xdp_attached(), "no program attached")
        sent = bed.generate(n=PACKETS, flows=1000)
        books = finish(bed, rx, sent)
        check(all(n > 0 for n in books["queues"]), "a queue got nothing", books)


def full_rate_balances():
    with Bed() as bed:
        rx, _ = start(bed)
        finish(bed, rx, bed.generate(n=2 * PACKETS, flows=1000, fast=True))


def stopped_consumer_loses_by_ring_full():
    with Bed() as bed:
        rx, _ = start(bed, "-P")
        sent = bed.generate(n=100_000)
        books = finish(bed, rx, sent)
        check(books["received"] == RING, books)
        check(books["exits"] == {"kernel_ring_full": sent["sent"] - RING}, books)


def held_buffers_lose_by_fill_empty():
    with Bed() as bed:
        rx, _ = start(bed, "-H")
        sent = bed.generate(n=100_000, pps=100_000)
        books = finish(bed, rx, sent)
        check(MBUFS - 256 <= books["received"] <= MBUFS, books)  # some stay in the thread's cache
        # On a busy machine the ring may have been full for a moment, too.
        check(books["exits"].get("kernel_fill_empty", 0) > 50_000, books)
        check(set(books["exits"]) <= {"kernel_fill_empty", "kernel_ring_full"}, books)


def pause_is_accounted():
    with Bed(queues=2) as bed:
        rx, _ = start(bed)
        before = bed.generate(n=50_000)
        settle()
        rx.send(signal.SIGUSR1)
        settle()
        during = bed.generate(n=50_000)
        rx.send(signal.SIGUSR1)
        settle()
        after = bed.generate(n=50_000)
        total = {"sent": before["sent"] + during["sent"] + after["sent"], "pps": after["pps"]}
        books = finish(bed, rx, total)
        check(set(books["exits"]) == {"kernel_ring_full"}, books)


def killed_process_leaves_nothing():
    with Bed() as bed:
        rx, _ = start(bed)
        rx.kill()
        deadline = time.monotonic() + 5  # the kernel tears the sockets down after the process is gone
        while bed.xdp_attached() and time.monotonic() < deadline:
            time.sleep(0.05)
        check(not bed.xdp_attached(), "program attached after SIGKILL")
        rx, _ = start(bed)
        finish(bed, rx, bed.generate(n=10_000))


def unpolled_queues_pass_to_kernel():
    with Bed(queues=4) as bed:
        rx, _ = start(bed, "-q", "2")
        tap = bed.start_rx(["python3", "-u", "-c", TAP, bed.rx_if])
        tap.wait_line("ready")
        sent = bed.generate(n=10_000, flows=1000, pps=10_000)
        settle()
        books = json.loads(rx.finish()[-1])
        passed = int(tap.finish(signal.SIGINT)[-1])
        print(f"  sent {sent['sent']}: received {books['offered']}, passed to the kernel {passed}")
        check(0 < books["offered"] < sent["sent"], books)
        check(books["offered"] + passed == sent["sent"], books, passed)


def long_frames_arrive_whole():
    with Bed(mtu=3000) as bed:
        rx, _ = start(bed)
        sent = bed.generate(n=20_000, size=3014)
        books = finish(bed, rx, sent)
        check(books["bytes"] == books["received"] * 3014, books)


def capture_is_replayed_whole():
    sizes = [60 + i * 37 % 1455 for i in range(500)]
    with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
        capture.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, size in enumerate(sizes):
            frame = bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 8, 0]) + bytes([i % 256]) * (size - 14)
            capture.write(struct.pack("<IIII", i, 0, size, size) + frame)
        capture.flush()
        for fast in (False, True):
            with Bed() as bed:
                rx, _ = start(bed)
                sent = bed.replay(capture.name, n=3 * len(sizes), fast=fast)
                books = finish(bed, rx, sent)
                check(sent["bytes"] == 3 * sum(sizes), sent, sum(sizes))
                check(books["bytes"] == sent["bytes"] or books["exits"], books)


def errors_are_sentences():
    with Bed(mtu=9000) as bed:
        _, why = start(bed, ready=False, iface="nosuch0")
        check("no such network interface" in why["error"], why)
        _, why = start(bed, ready=False)
        check("MTU 9000" in why["error"], why)
        bed.rx.run("ip", "link", "set", "dev", bed.rx_if, "down", "mtu", "1500")
        _, why = start(bed, ready=False)
        check("interface is down" in why["error"], why)
        bed.rx.run("ip", "link", "set", "dev", bed.rx_if, "up")
        bed.tx.run("ip", "link", "set", "dev", bed.tx_if, "mtu", "1500")
        _, why = start(bed, "-Z", ready=False)
        check("zero copy" in why["error"], why)
        _, why = start(bed, "-q", "2", ready=False)
        check("2 queues wanted" in why["error"], why)
        rx, _ = start(bed)
        _, why = start(bed, ready=False)
        check("another PAL process" in why["error"], why)
        rx.finish()


def stale_program_is_replaced():
    with Bed() as bed:
        # As versions that attached by netlink left it behind.
        bed.rx.run("ip", "link", "set", "dev", bed.rx_if, "xdpdrv", "object", OUR_BPF, "section", "xdp")
        check(bed.xdp_attached(), "ip attached nothing")
        rx, _ = start(bed)
        finish(bed, rx, bed.generate(n=10_000))


def foreign_program_is_left_alone():
    with Bed() as bed:
        bed.rx.run("ip", "link", "set", "dev", bed.rx_if, "xdpdrv", "object", OTHER_BPF, "section", "xdp")
        _, why = start(bed, ready=False)
        check("another XDP program" in why["error"] and "xdp off" in why["error"], why)
        check(bed.xdp_attached(), "somebody else's program was removed")


def user(*capabilities):
    """Command prefix: as nobody, with some capabilities."""
    caps = ",".join(f"+{c}" for c in capabilities)
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", f"-all,{caps}".rstrip(","),
            "--ambient-caps", f"-all,{caps}".rstrip(",")]


def capabilities_suffice():
    with Bed() as bed:
        _, why = start(bed, ready=False, prefix=user())
        check("missing CAP_BPF" in why["error"], why)
        rx, _ = start(bed, prefix=user("net_admin", "net_raw", "bpf", "ipc_lock"))
        finish(bed, rx, bed.generate(n=10_000))


def list_says_how():
    with Bed(queues=4) as bed:
        def listed():
            return {i["name"]: i for i in map(json.loads, bed.rx.run(PROGRAM, "-L").splitlines())}
        ifaces = listed()
        check(set(ifaces) == {"lo", bed.rx_if}, ifaces)
        iface = {"name": bed.rx_if, "driver": "veth", "mtu": 1500, "queues": 4, "up": 1, "busy": 0, "xdp": "native"}
        check(ifaces[bed.rx_if] == iface, ifaces)
        check(ifaces["lo"]["xdp"] == "generic", ifaces)
        rx, _ = start(bed)
        check(listed()[bed.rx_if]["busy"] == 1, listed())
        rx.finish()


def loopback_works_in_the_stack():
    with Bed() as bed:
        bed.rx.run("ip", "link", "set", "dev", "lo", "up")
        rx, _ = start(bed, iface="lo")
        process = bed.rx.popen([livebed.PKTGEN, "-i", "lo", "-n", "20000"], stdout=subprocess.PIPE)
        sent = json.loads(process.communicate()[0])
        settle()
        books = json.loads(rx.finish()[-1])
        check(books["offered"] == sent["sent"] and rx.returncode == 0, books, sent)


def main():
    require_live()
    cases = [
        ("1 queue", lambda: all_queues_balance(1, 1)),
        ("2 queues", lambda: all_queues_balance(2, 1)),
        ("4 queues", lambda: all_queues_balance(4, 1)),
        ("4 queues, 2 threads", lambda: all_queues_balance(4, 2)),
        ("full rate", full_rate_balances),
        ("stopped consumer loses by ring_full", stopped_consumer_loses_by_ring_full),
        ("held buffers lose by fill_empty", held_buffers_lose_by_fill_empty),
        ("pause is accounted", pause_is_accounted),
        ("killed process leaves nothing", killed_process_leaves_nothing),
        ("unpolled queues pass to the kernel", unpolled_queues_pass_to_kernel),
        ("long frames arrive whole", long_frames_arrive_whole),
        ("capture is replayed whole", capture_is_replayed_whole),
        ("errors are sentences", errors_are_sentences),
        ("stale program is replaced", stale_program_is_replaced),
        ("foreign program is left alone", foreign_program_is_left_alone),
        ("capabilities suffice", capabilities_suffice),
        ("list says how", list_says_how),
        ("loopback works in the stack", loopback_works_in_the_stack),
    ]
    for name, case in cases:
        print(name, flush=True)
        case()
    print("ok")


main()
