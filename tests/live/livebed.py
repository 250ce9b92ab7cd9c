# SPDX-License-Identifier: BSD-3-Clause
"""
A private network for live tests: two namespaces, veth pairs between them, a generator.

    from livebed import Bed, require_live

    require_live()                                    # exits 77, naming what is missing
    with Bed(queues=4) as bed:
        rx = bed.start_rx([program, "-i", bed.rx_if]) # in the receiving namespace
        rx.wait_line("ready")                         # until its output has a line with that text
        sent = bed.generate(n=1_000_000, flows=64)    # {"sent": ..., "bytes": ..., ...}
        sent = bed.replay("some.pcap")                # a capture's frames, in order
        out = rx.finish()                             # SIGTERM, wait; all that it wrote

                 sender's namespace                     receiver's namespace
      pktgen ──► pal-tx0 ═══════════════════════════════► pal-rx0 ──► program under test
                 pal-tx1 ════ (pairs=2 and more) ═══════► pal-rx1

The namespaces have no name and no mount: a sleeping process holds each, and dies with this one, however this one
ends. When it is gone the kernel removes the namespaces and every veth in them. Nothing outside is touched.

The kernel sends nothing of its own on these links (IPv6 and ARP are off), so counts can be exact. The generator runs
on Bed.gen_cpu, the program under test should run on Bed.rx_cpu; with one core they are the same.

On veth, receive queue = transmit queue of the sender = the kernel's flow hash: both directions of a flow, and all
fragments of a datagram, come by one queue.
"""

import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time

SKIP = 77
PKTGEN = os.environ.get("PAL_PKTGEN", "pktgen")

_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    pr_set_pdeathsig = 1
    _libc.prctl(pr_set_pdeathsig, signal.SIGKILL)


def skip(why):
    """End the test as skipped, with the one condition that it lacks."""
    print("SKIP:", why)
    sys.exit(SKIP)


def require_live():
    """Skip unless this process may make network namespaces and the tools are there."""
    if os.geteuid() != 0:
        skip("not root")
    for tool in ("ip", "nsenter", "unshare", "sleep"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    if subprocess.run(["unshare", "--net", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skip("network namespaces cannot be created")


class Namespace:
    """A network namespace that lives as long as this object."""

    def __init__(self):
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sleep", "infinity"], preexec_fn=_die_with_parent
        )
        self.pid = self._holder.pid
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.pid}/ns/net") == own:
            time.sleep(0.001)
        self._enter = ["nsenter", f"--net=/proc/{self.pid}/ns/net"]
        # /proc/sys/net shows the namespace of whoever looks.
        self.run("sh", "-c", "for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e $f ] || echo 1 > $f; done")

    def run(self, *cmd):
        """Run a command in here to its end; its output. Raises with what it said when it fails."""
        done = subprocess.run(self._enter + list(cmd), capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(cmd)}: exit {done.returncode}: {done.stderr}{done.stdout}")
        return done.stdout

    def popen(self, cmd, cpu=None, **kwargs):
        """Start a command in here, pinned to one core if asked."""
        pin = ["taskset", "-c", str(cpu)] if cpu is not None else []
        return subprocess.Popen(
            self._enter + pin + list(cmd), preexec_fn=_die_with_parent, text=True, **kwargs
        )

    def link(self, ifname):
        """What `ip` says about an interface, statistics included."""
        return json.loads(self.run("ip", "-j", "-d", "-s", "link", "show", "dev", ifname))[0]

    def close(self):
        self._holder.kill()
        self._holder.wait()


class Receiver:
    """A running program under test."""

    def __init__(self, process):
        self.process = process
        self.lines = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(process.stdout, selectors.EVENT_READ)
        self._rest = ""

    def _read(self, timeout):
        if not self._selector.select(timeout):
            return False
        data = os.read(self.process.stdout.fileno(), 65536).decode(errors="replace")
        *lines, self._rest = (self._rest + data).split("\n")
        self.lines += lines
        return data != ""

    def wait_line(self, text, timeout=30):
        """Wait for an output line that contains the text; returns it. Raises when the program ends without."""
        seen = 0
        deadline = time.monotonic() + timeout
        while True:
            for line in self.lines[seen:]:
                if text in line:
                    return line
            seen = len(self.lines)
            if not self._read(max(0, deadline - time.monotonic())):
                raise RuntimeError(f"no line with '{text}', but: {self.lines}")

    def send(self, number):
        self.process.send_signal(number)

    def finish(self, number=signal.SIGTERM, timeout=60):
        """Send a signal (None: just wait) and read the rest; all lines of output. self.returncode is set."""
        if number is not None and self.process.poll() is None:
            self.process.send_signal(number)
        deadline = time.monotonic() + timeout
        while self._read(max(0, deadline - time.monotonic())):
            pass
        self.returncode = self.process.wait(timeout=max(1, deadline - time.monotonic()))
        return self.lines

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()


class Bed:
    """Two namespaces with `pairs` veth pairs of `queues` queues each. A context manager."""

    gen_cpu = min(os.sched_getaffinity(0))
    rx_cpu = max(os.sched_getaffinity(0))

    def __init__(self, queues=1, pairs=1, mtu=1500):
        self.queues, self.pairs, self.mtu = queues, pairs, mtu
        self.tx_if, self.rx_if = "pal-tx0", "pal-rx0"
        self.tx = self.rx = None
        self._started = []

    def __enter__(self):
        try:
            self.tx, self.rx = Namespace(), Namespace()
            for i in range(self.pairs):
                self._add_pair(f"pal-tx{i}", f"pal-rx{i}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _add_pair(self, tx_if, rx_if):
        queues = ["numrxqueues", str(self.queues), "numtxqueues", str(self.queues), "mtu", str(self.mtu)]
        self.tx.run("ip", "link", "add", tx_if, *queues, "type", "veth",
                    "peer", "name", rx_if, *queues, "netns", str(self.rx.pid))
        for ns, ifname in ((self.tx, tx_if), (self.rx, rx_if)):
            ns.run("ip", "link", "set", "dev", ifname, "arp", "off", "up")

    def close(self):
        """Stop what was started, remove everything."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()
        for ns in (self.tx, self.rx):
            if ns is not None:
                ns.close()

    def start_rx(self, cmd, cpu=None, **kwargs):
        """Start a program in the receiving namespace. Its standard output is read, its standard error is the test's."""
        process = self.rx.popen(cmd, cpu=cpu, stdout=subprocess.PIPE, **kwargs)
        self._started.append(process)
        return Receiver(process)

    def _generate(self, *args):
        process = self.tx.popen([PKTGEN, *args], cpu=self.gen_cpu, stdout=subprocess.PIPE)
        self._started.append(process)
        out, _ = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"{PKTGEN} {' '.join(args)}: exit {process.returncode}")
        return json.loads(out)

    def generate(self, n, flows=64, size=60, pps=0, pair=0, fast=False):
        """
        Send n synthetic UDP packets of `size` bytes; both directions of `flows` flows. What pktgen reports.

        fast: 1 to 2 Mpps by XDP live frames; the receiver must have its XDP program on, and all comes by one
        queue.
        """
        return self._generate("-i", f"pal-tx{pair}", "-n", str(n), "-f", str(flows),
                              "-s", str(size), *(["-x"] if fast else ["-R", str(pps)]))

    def replay(self, pcap, n=0, pps=0, pair=0, fast=False):
        """Send a capture file's frames in order; n > 0: again and again until so many are sent. fast: as above."""
        return self._generate("-i", f"pal-tx{pair}", "-r", str(pcap), "-n", str(n),
                              *(["-x"] if fast else ["-R", str(pps)]))

    def xdp_attached(self, pair=0):
        """Is an XDP program on the receiving interface?"""
        return "xdp" in self.rx.link(f"pal-rx{pair}")
