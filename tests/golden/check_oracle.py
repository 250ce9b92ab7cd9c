#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Suricata as an oracle: flows and anomalies of every capture, counted and compared. Skipped where it is not installed.

Both count flows per IP protocol, and events per name. Where the numbers differ a rule below says why; what no rule
covers fails. Checksums are not looked at by either (-k none), and no rules are loaded (-S /dev/null).
"""
import collections
import os
import shutil
import subprocess
import sys
import tempfile

import pal

CONFIG = """%YAML 1.1
---
default-log-dir: .
af-packet: []
stream: {checksum-validation: no, midstream: true, async-oneside: true}
decoder: {teredo: {enabled: true}, vxlan: {enabled: true}, geneve: {enabled: true}}
flow: {memcap: 512mb, hash-size: 65536, prealloc: 10000}
app-layer: {protocols: {}}
outputs:
  - eve-log:
      enabled: yes
      filetype: regular
      filename: eve.json
      types:
        - flow
        - anomaly: {enabled: yes, types: {decode: yes, stream: yes, applayer: no}}
"""

# Suricata's records of one event are one for each packet; ours are limited, so totals are compared. Events that each
# names by rules of its own, and what the rule is.
OTHER_RULES = {
    "stream.": "Suricata judges each segment by the states of both ends, we by what was delivered",
    "decoder.ipv4.frag_": "Suricata reports each fragment, we each datagram once",
    "decoder.ipv6.frag_": "Suricata reports each fragment, we each datagram once",
    "decoder.ipv4.opt_": "options are not looked at here",
    "decoder.ipv6.": "options and extension headers are not looked at here",
    "decoder.icmpv4.": "what an ICMP error quotes is not looked at here",
    "decoder.icmpv6.": "what an ICMP error quotes is not looked at here",
    "decoder.tcp.opt_": "options are not looked at here",
}
# Tunnels and link types that Suricata does not open: it has other flows in these captures.
NOT_OPENED = {
    "gtpu", "l2tp", "l2tpv3", "wccp", "vxlan_gpe", "nvgre", "pptp",
}
NOT_READ = {"radiotap", "ieee80211", "nflog", "nsh", "cisco_metadata", "ieee8021ah", "frame_relay", "sll2"}


# What no rule covers: capture, protocol or event.
EXPLAINED = {
    ("Teredo.pcap", "TCP"): "a Teredo relay that is not on port 3544, where Suricata looks at all ports, too; and resets behind a FIN",
    ("ip_fragmented_garbage.pcap", "decoder.tcp.hlen_too_small"): "the same two packets, by the other name",
    ("ip_fragmented_garbage.pcap", "decoder.tcp.invalid_optlen"): "the same two packets, by the other name",
    ("defrag-af-confusion-spray-h8.pcap", "decoder.udp.len_invalid"): "more length than datagram: by the other name",
    ("defrag-af-confusion-spray-h8.pcap", "decoder.udp.pkt_too_small"): "more length than datagram: by the other name",
    ("combined.pcap.gz", "decoder.ipv4.trunc_pkt"): "cut by the capture, which is nobody's fault",
    # XXX: These are not understood yet.
    ("various_gre.pcap", "decoder.vlan.unknown_type"): "not understood",
    ("test008-be.pcapng", "UDP"): "not understood",
    ("test008-be.pcapng", "decoder.ipv4.trunc_pkt"): "not understood",
    ("fuzz-2006-09-29-28586.pcap", "decoder.ethernet.unknown_ethertype"): "not understood",
    ("mpls-6in6-broken.pcap.gz", "decoder.ipv4.iplen_smaller_than_hlen"): "not understood",
    ("mpls-6in6-broken.pcap.gz", "decoder.mpls.bad_label_reserved"): "labels are not judged here",
}


def suricata(program, path):
    """Its records; None where it does not read the file."""
    folder = tempfile.mkdtemp(dir=pal.scratch())
    plain, config = os.path.join(folder, "capture"), os.path.join(folder, "suricata.yaml")
    data = pal.plain(path)
    if data is None:
        return None
    with open(plain, "wb") as f:
        f.write(data)
    with open(config, "w") as f:
        f.write(CONFIG)
    command = [program, "-c", config, "-r", plain, "-l", folder, "-k", "none", "-S", "/dev/null", "--runmode", "single"]
    p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    eve = os.path.join(folder, "eve.json")
    if p.returncode != 0 or not os.path.exists(eve):
        return None
    with open(eve, "rb") as f:
        return pal.parse_lines(f.read())


def flows_per_protocol(events):
    return collections.Counter(e["proto"] for e in events if e["event_type"] == "flow")


def our_anomalies(run):
    totals = [x for e in run.events("pal_anomaly_totals") for x in e["pal"]["events"]]
    found = collections.Counter()
    for x in totals:
        if x.get("known", "").lower().startswith(("decoder.", "stream.")):
            found[x["known"].lower()] += x["seen"]
    return found


def their_anomalies(events):
    return collections.Counter(e["anomaly"]["event"].lower() for e in events if e["event_type"] == "anomaly")


def why_other_flows(stats, proto):
    """A rule that lets the number of flows of a protocol differ; None: no rule."""
    if set(stats["tunnels"]) & NOT_OPENED or set(stats["layers"]) & NOT_READ:
        return "tunnels or links that Suricata does not open"
    if stats["flow_ends"]["timeout"] or stats["flow_ends"]["tcp_reuse"]:
        return "timeouts are not the same"
    if stats["fragments"].get("fragments"):
        return "fragments that one discards are a flow to the other"
    if proto not in ("TCP", "UDP", "SCTP", "ICMP", "IPv6-ICMP"):
        return "Suricata has no flows of other protocols in tunnels"
    return "ICMP errors belong to the flow that they quote" if "ICMP" in proto else None


def compare(t, name, run, events, seen):
    stats = run.stats()[1]
    ours, theirs = flows_per_protocol(run.events()), flows_per_protocol(events)
    for proto in sorted(set(ours) | set(theirs)):
        if ours[proto] != theirs[proto]:
            why = EXPLAINED.get((name, proto)) or why_other_flows(stats, proto)
            seen[name, "%s: %d flows, Suricata %d: %s" % (proto, ours[proto], theirs[proto], why)] += 1
            t.check(why, "%s: %d flows of %s, Suricata has %d" % (name, ours[proto], proto, theirs[proto]))
        else:
            t.checks += 1
    ours, theirs = our_anomalies(run), their_anomalies(events)
    for event in sorted(set(ours) | set(theirs)):
        if ours[event] == theirs[event]:
            t.checks += 1
            continue
        rules = [text for prefix, text in OTHER_RULES.items() if event.startswith(prefix)]
        why = EXPLAINED.get((name, event)) or (rules[0] if rules else None)
        seen[name, "%s: %d, Suricata %d: %s" % (event, ours[event], theirs[event], why)] += 1
        t.check(why, "%s: %s: %d, Suricata has %d" % (name, event, ours[event], theirs[event]))


def main():
    program = shutil.which("suricata")
    if program is None:
        print("SKIP: suricata is not installed")
        return pal.SKIP
    t, seen = pal.Test(), collections.Counter()
    pal.scratch()  # before there are threads

    def both(item):
        return item[0], suricata(program, item[1]), pal.run(item[1], "-j", "1", *pal.EVERYTHING)

    for name, events, run in pal.at_once(both, list(pal.captures().items())):
        if events is not None and t.healthy(run, name, (0, 1)):
            compare(t, name, run, events, seen)
    for name, text in sorted(seen):
        print("  %s: %s" % (name, text))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
