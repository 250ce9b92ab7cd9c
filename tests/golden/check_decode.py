#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare how frames of real captures nest with what tshark found in them.

    usage: check_decode.py DECODE_DUMP [CAPTURE ...]

What is compared is how many frames have which nesting: the layers up to the transport, level by level.

    tshark   eth:ethertype:ip:udp:vxlan:eth:ip:tcp:http     ->  ethernet,ipv4,udp > ethernet,ipv4,tcp
    PAL      ethernet,ipv4,udp delivered vxlan 1 ...        ->  ethernet,ipv4,udp > ethernet,ipv4,tcp

EXPLAINED lists where they differ and why. The captures are those of check_savefile.py; without them the test is
skipped.
"""
import collections
import json
import os
import subprocess
import sys

SKIP = 77
TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# tshark's name: PAL's
LAYERS = {
    "eth": "ethernet", "sll": "sll", "null": "null", "raw": "raw", "chdlc": "chdlc", "nflog": "nflog",
    "radiotap": "radiotap", "wlan": "ieee80211", "llc": "llc", "vlan": "vlan", "ieee8021ad": "vlan",
    "cmd": "cisco_metadata", "mpls": "mpls", "pppoes": "pppoe", "pppoed": "pppoe_discovery", "ppp": "ppp",
    "nsh": "nsh", "arp": "arp", "lldp": "lldp", "loop": "loopback", "ip": "ipv4", "ipv6": "ipv6",
    "ipv6.hopopts": "ipv6_ext", "ipv6.dstopts": "ipv6_ext", "ipv6.routing": "ipv6_ext", "ipv6.fraghdr": "ipv6_frag",
    "ah": "ah", "esp": "esp", "gre": "gre", "tcp": "tcp", "udp": "udp", "sctp": "sctp", "icmp": "icmpv4",
    "icmpv6": "icmpv6", "igmp": "igmp", "ospf": "ospf", "pim": "pim", "rsvp": "rsvp", "eigrp": "eigrp",
}
TUNNELS = {"vxlan", "geneve", "gtp", "teredo", "erspan"}
IP = {"ipv4", "ipv6"}
LAST = {"tcp", "udp", "sctp", "icmpv4", "icmpv6", "arp", "lldp"}
# What PAL counts and tshark has no name for in its chain.
SILENT = {"ip_other", "ipv4_in_ip", "ipv6_in_ip", "no_next_header"}

# capture: (PAL's nesting or tshark's, frames more than tshark has) and the reason.
EXPLAINED = {
}


def nesting(levels):
    return " > ".join(",".join(sorted(level)) for level in levels if level)


def of_tshark(chain):
    levels = [[]]
    for word in chain.split(":"):
        level = levels[-1]
        if word in TUNNELS:
            levels.append([])
            continue
        layer = LAYERS.get(word)
        if layer is None:
            if word in ("ethertype", "wlan_radio"):
                continue
            break
        if LAST & set(level):
            break
        # What lies on GRE or on IP is inside a tunnel.
        if "gre" in level or (layer in IP and IP & set(level)):
            levels.append([])
        levels[-1].append(layer)
    return nesting(levels)


def of_pal(line):
    words = line.split(" ")
    levels = words[0::4]
    return nesting([[layer for layer in level.split(",") if layer not in SILENT] for level in levels])


def differences(dump, path, want):
    p = subprocess.run([dump, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    got = collections.Counter(of_pal(line) for line in p.stdout.decode().splitlines())
    for chain, frames in (want.get("protocol_chains") or {}).items():
        got[of_tshark(chain)] -= frames
    return {nest: frames for nest, frames in got.items() if frames != 0}


def main():
    dump, only = sys.argv[1], sys.argv[2:]
    corpus = os.environ.get("PAL_CORPUS", os.path.join(os.path.dirname(TREE), "shared", "corpus"))
    if not os.path.isdir(os.path.join(corpus, "captures")):
        print("skipped: no corpus of captures at %s (set PAL_CORPUS)" % corpus)
        return SKIP
    nb_files = nb_bad = 0
    for folder, _, names in sorted(os.walk(os.path.join(corpus, "captures"))):
        for name in sorted(names):
            if only and name not in only:
                continue
            with open(os.path.join(corpus, "expected", name + ".json")) as f:
                want = json.load(f)
            nb_files += 1
            got = differences(dump, os.path.join(folder, name), want)
            if got != EXPLAINED.get(name, {}):
                nb_bad += 1
                print("%s: %s, explained: %s" % (name, got, EXPLAINED.get(name, {})))
    print("%d captures compared, %d differ" % (nb_files, nb_bad))
    return 1 if nb_bad or not nb_files else 0


if __name__ == "__main__":
    sys.exit(main())
