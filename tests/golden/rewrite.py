# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of pcap-rewrite share: run it, and ask tshark what is in a file. The program is $PAL_REWRITE."""
import json
import os
import subprocess
import tempfile

import pal

PROGRAM = os.environ.get("PAL_REWRITE", "pcap-rewrite")
SEED = os.path.join(pal.SMALL, "rewrite")


class Run(pal.Run):
    """One run: what it wrote to `out`, and its summary."""

    def __init__(self, out, code, stdout, stderr):
        super().__init__(None, code, stdout, stderr)
        self.out = out

    def data(self):
        with open(self.out, "rb") as f:
            return f.read()

    def summary(self):
        """The summary; packets add up."""
        text = self.stdout if self.stdout.startswith(b"{") else self.stderr
        s = json.loads([line for line in text.splitlines() if line.startswith(b"{")][-1])
        left = s["read_pkts"] - sum(f["dropped_pkts"] for f in s["filters"]) - sum(s["left_out"].values())
        if left != s["written_pkts"] or not s["balanced"]:
            raise AssertionError("the summary does not balance: %s" % s)
        return s


def run(inputs, *args, out="out.pcap", stdin=None, timeout=120):
    """Run the program; out is a name in a new folder, a path, or `-`."""
    inputs = [inputs] if isinstance(inputs, str) else list(inputs)
    if out != "-" and not os.path.isabs(out):
        out = os.path.join(tempfile.mkdtemp(dir=pal.scratch()), out)
    p = subprocess.run(
        [PROGRAM, "--json", *args, *inputs, out],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=timeout,
        env=dict(os.environ, TZ="UTC"),
    )
    return Run(out, p.returncode, p.stdout, p.stderr)


def records(data):
    """(link type, time in ns or ticks, captured bytes, length on the wire) of a pcap, read without the program."""
    capture = pal.Pcap(data)
    unit = 1 if data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    found = []
    for record in capture.records:
        s, f, _, wire = (int.from_bytes(record[i : i + 4], "little" if capture.order == "<" else "big")
                         for i in (0, 4, 8, 12))
        found.append((capture.linktype, s * 10**9 + f * unit, record[capture.header :], wire))
    return found


def tshark(path, *fields, options=()):
    """Rows of fields."""
    command = ["tshark", "-n", "-r", path, "-o", "tcp.desegment_tcp_streams:FALSE", *options, "-T", "fields"]
    for field in fields:
        command += ["-e", field]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return out.splitlines()


def plain_copy(path):
    """The capture, uncompressed, under a name that says what it is; None where no tool is at hand."""
    data = pal.plain(path)
    if data is None:
        return None
    name = os.path.basename(path).split(".")[0]
    return pal.write_file(name + (".pcapng" if data[:4] == b"\x0a\x0d\x0d\x0a" else ".pcap"), data)


def times_fit_tshark(rows):
    """tshark cuts off times beyond 2^63 ns, differently in each format. Times are the first field."""
    return all(float(row.split()[0]) < 2**63 / 1e9 for row in rows if row)
