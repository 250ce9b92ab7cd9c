#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare how frames of real captures nest with what tshark found in them.

    usage: check_decode.py DECODE_DUMP [CAPTURE ...]

What is compared is how many frames have which nesting: the layers up to the transport, level by level.

    tshark   eth:ethertype:ip:udp:vxlan:eth:ip:tcp:http     ->  ethernet,ipv4,udp > ethernet,ipv4,tcp
    PAL      ethernet,ipv4,udp delivered vxlan 1 ...        ->  ethernet,ipv4,udp > ethernet,ipv4,tcp

The numbers by which tunnels call themselves have to be the same, too. EXPLAINED lists where they differ and why. The captures are those of check_savefile.py; without them the test is
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
    "icmpv6": "icmpv6", "l2tp": "l2tp", "igmp": "igmp", "ospf": "ospf", "pim": "pim", "rsvp": "rsvp", "eigrp": "eigrp",
}
TUNNELS = {"vxlan", "geneve", "gtp", "teredo", "erspan"}
# tshark's field: PAL's tunnels whose id it is
IDS = {
    "vxlan.vni": {"vxlan", "vxlan_gpe"}, "geneve.vni": {"geneve"}, "gtp.teid": {"gtpu"},
    "erspan.spanid": {"erspan2", "erspan3"}, "gre.key": {"gre"},
}
IP = {"ipv4", "ipv6"}
LAST = {"tcp", "udp", "sctp", "icmpv4", "icmpv6", "igmp", "arp", "lldp"}
# What PAL counts and tshark has no name for in its chain.
SILENT = {"cdp", "ip_other", "ipv4_in_ip", "ipv6_in_ip", "no_next_header"}

# capture: nesting: how many frames more than tshark PAL has of it.
EXPLAINED = {
    # tshark shows a datagram at its last fragment; the dump puts nothing together.
    "dns-edns-ecs.pcap": {"ethernet,ipv4": 4, "ethernet,ipv4,udp": -4},
    "erspan.pcap": {"ethernet,ipv4": 16, "ethernet,gre,ipv4 > ethernet,ipv4,tcp": -16},
    "eth-ip-gre-ppp-max-ip-packet.pcap": {
        "ethernet,gre,ipv4 > ipv4,ppp": 1, "ethernet,gre,ipv4 > ipv4,ppp,udp": -1},
    "gtp1_gn_normal_incl_fragmentation.pcap": {"ethernet,ipv4": 36, "ethernet,ipv4,udp > ipv4,tcp": -36},
    "ip4_fragments.pcap": {"ethernet,ipv4": 6, "ethernet,ipv4,udp": -6},
    "ip6_fragments.pcap": {"ethernet,ipv6,ipv6_frag": 4, "ethernet,ipv6,ipv6_frag,udp": -4},
    "ip_fragmented_garbage.pcap": {"ethernet,ipv4": 4, "ethernet,ipv4,tcp": -4},
    "ipv4-fragmented-1.pcap": {"ethernet,ipv4": 1, "ethernet,ipv4,udp": -1},
    "ipv6-frag-1.pcap": {"ethernet,ipv6,ipv6_frag": 1, "ethernet,icmpv6,ipv6,ipv6_frag": -1},
    "ipv6-frag-29.pcap": {"ethernet,ipv6,ipv6_frag": 1, "ethernet,icmpv6,ipv6,ipv6_frag": -1},
    "ipv6-reassembly-state-leak.pcap": {
        "ethernet,ipv6,ipv6_ext,ipv6_frag": 2, "ethernet,ipv6,ipv6_ext,ipv6_frag,udp": -2},
    # ... and takes protocol 44 over IPv4 for a fragment header, which it is over IPv6 only.
    "defrag-af-confusion-spray-h8.pcap": {
        "ethernet,ipv6,ipv6_ext,ipv6_frag": 4096, "ethernet,ipv6,ipv6_ext,ipv6_frag,udp": -4096,
        "ethernet,ipv4": 4096, "ethernet,ipv4,ipv6_frag": -4096},
    # Made by hand: ERSPAN on Ethernet, without GRE, which tshark opens as little; and answers that come from the
    # port of VXLAN-GPE and GENEVE, where ends of such a tunnel send to it (RFC 8926 section 3.3).
    "arkime_synthetic.pcap": {
        "erspan,ethernet": 1, "ethernet": -1, "ethernet,ipv4,udp": 2, "ethernet,ipv4,udp > ipv4,udp": -1,
        "ethernet,ipv4,udp > ethernet,ipv4,udp": -1},
    # Link types that tshark 4.0 has no name for in its chain.
    "dsa.pcap": {"dsa": 8},
    "microsecs_big_endian.pcap": {"netlink": 13, "": -13},
    # What is behind damaged MPLS labels fits a frame better than a datagram to PAL; tshark guesses nothing.
    "mpls-6in6-broken.pcap.gz": {"ethernet,ethernet,mpls": 1, "ethernet,mpls": -1},
    # Blocks that are no packets, which tshark counts as frames.
    "test102-be.pcapng": {"": -3},
    "test202-le.pcapng": {"": -3},
    # A format that PAL refuses.
    "solaris.snoop": {
        "ethernet,llc": -97, "arp,ethernet": -41, "ethernet,ipv4,udp": -55, "ethernet": -41, "ethernet,ipv4,tcp": -15,
        "eigrp,ethernet,ipv4": -1},
}


def nesting(levels):
    return " > ".join(",".join(sorted(level)) for level in levels if level)


def of_tshark(chain):
    levels = [[]]
    for word in chain.split(":"):
        if word in ("ethertype", "wlan_radio"):
            continue
        if word in TUNNELS:
            levels.append([])
            continue
        layer, level = LAYERS.get(word), levels[-1]
        if layer is None or (LAST & set(level) and not ("udp" in level and layer in IP)):
            break
        if "gre" in level and layer == "cisco_metadata":
            continue  # read as part of GRE
        # What lies on GRE, UDP or IP is inside a tunnel.
        if "gre" in level or (layer in IP and IP & set(level)):
            levels.append([])
        levels[-1].append(layer)
    return nesting(levels)


def of_pal(line):
    words = line.replace("sll2", "sll").split(" ")
    levels = [level.split(",") for level in words[0::4]]
    return nesting([[layer for layer in level if layer not in SILENT] for level in levels])


def ids(lines, tunnels):
    found = set()
    for line in lines:
        words = line.split(" ")
        found |= {int(number) for name, number in zip(words[2::4], words[3::4]) if name in tunnels}
    return found - {0}  # what says no number has 0


def differences(dump, path, want):
    p = subprocess.run([dump, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = p.stdout.decode().splitlines()
    got = collections.Counter(of_pal(line) for line in lines)
    for chain, frames in (want.get("protocol_chains") or {}).items():
        got[of_tshark(chain)] -= frames
    different = {nest: frames for nest, frames in got.items() if frames != 0}
    for field, tunnels in IDS.items():
        values = ",".join((want.get("encapsulation") or {}).get(field, {})).split(",")
        wanted = {int(value, 0) for value in values if value} - {0}
        if ids(lines, tunnels) != wanted:
            different[field] = "got %s, expected %s" % (ids(lines, tunnels), wanted)
    return different


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
