#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""TLS, DTLS and QUIC of every capture: names, versions, ciphers, ALPN, JA3, JA3S and certificates that tshark found, JA4
that others found; the same records with one worker and with three; all valid by the schemas.
"""
import collections
import os
import re
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

PLUGINS = ("-p", "tls,quic,tls-stats,flows,anomaly")
STATS = ("conversations", "tls-ports", "ssl-record-version", "client-hello-version", "ciphers")
SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
FACTS = ("sni", "ja3", "ja3s", "cipher", "client_version", "client_versions", "client_alpns", "server_version")
# Captures whose handshakes are others than tshark's, and why.
EXPLAINED = {
    ("geneve.pcap", "tls"): "one side of each connection is in Geneve, the other is not: two flows",
    ("pcapng-example.pcapng", "tls"): "MySQL, which begins in the clear",
    ("pcapng-example.pcapng.zst", "tls"): "MySQL, which begins in the clear",
    ("1kxun.pcap", "ja4"): "nDPI takes a server name that is an address for none",
    ("arkime_synthetic.pcap", "tls"): "frame 904: of an empty extension tshark reads what follows it",
}


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def is_grease(number):
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


NAMES = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2", 0x0304: "TLS 1.3",
         0xFEFF: "DTLS 1.0", 0xFEFD: "DTLS 1.2", 0xFEFC: "DTLS 1.3"}


def version_name(text):
    number = int(text, 16)
    if number >> 8 == 0x7F:
        return "TLS 1.3 draft-%02d" % (number & 0xFF)
    return NAMES.get(number, "0x%04x" % number)


def first(value):
    values = as_list(value)
    return values[0] if values else None


def of_tshark(entries):
    """The facts of each stream: its first ClientHello, its last ServerHello. Only of the first handshake."""
    streams = collections.OrderedDict()
    for e in entries:
        types = as_list(e.get("type"))
        if "1" not in types and "2" not in types:
            continue
        facts = streams.setdefault(e.get("tcp_stream", e.get("udp_stream")), {})
        if "1" in types and "client_version" not in facts:
            facts.update(
                sni=first(e.get("sni")), ja3=first(e.get("ja3")), client_version=version_name(first(e["version"])),
                client_versions=tuple(version_name(v) for v in as_list(e.get("supported_versions"))
                                      if not is_grease(int(v, 16))),
                client_alpns=tuple(as_list(e.get("alpn"))))
        if "2" in types:
            chosen = e.get("supported_versions")
            facts.update(ja3s=first(e.get("ja3s")), cipher=int(as_list(e["ciphers"])[-1], 16),
                         server_version=version_name(as_list(chosen)[-1] if chosen else as_list(e["version"])[-1]))
    return collections.Counter(tuple(f.get(name) or None for name in FACTS) for f in streams.values())


def of_pal(events, kind, details):
    """The same from our records."""
    more = collections.defaultdict(dict)
    for e in events:
        if e["event_type"] == details:
            more[e["flow_id"]] = e["pal"]
    found = collections.Counter()
    for e in events:
        if e["event_type"] != kind:
            continue
        body = dict(e.get("tls") or e["pal"])
        body.update(more[e["flow_id"]])
        version = body["version"] if body["version"] != "UNDETERMINED" else None
        if "ja3" not in body and "ja3s" not in body:
            continue  # a hello in the form of SSL 2: tshark tells nothing of it
        facts = (body.get("sni"), body.get("ja3", {}).get("hash"), body.get("ja3s", {}).get("hash"), body.get("cipher"),
                 body.get("client_version"), tuple(body.get("client_versions", ())), tuple(body.get("client_alpns", ())),
                 version)
        found[tuple(f or None for f in facts)] += 1
    return found


# Captures whose JA4 others have told: nDPI (upstream/nDPI), Suricata (upstream/suricata-verify), Arkime.
JA4_PARTS = re.compile(r"\b[tqd](?:\d\d|s\d|d\d)[di]\d{4}(..)_([0-9a-f]{12})_([0-9a-f]{12})\b")


def upstream_ja4(name):
    """JA4 values that came with a capture, of its TLS over TCP and of the rest."""
    folder = os.path.join(pal.CORPUS, "upstream")
    paths = [os.path.join(folder, "nDPI", name + ".out"), os.path.join(folder, "arkime", name[:-5] + ".test"),
             os.path.join(folder, "suricata-verify", name[:-5], "test.yaml")]
    found = set()
    for path in paths:
        if os.path.exists(path):
            with open(path, errors="replace") as f:
                found |= {m.group() for m in JA4_PARTS.finditer(f.read())}
    return found


def masked(name, ja4):
    """nDPI 4.11 writes the first two characters of the ALPN, JA4 the first and the last."""
    is_ndpi = os.path.exists(os.path.join(pal.CORPUS, "upstream", "nDPI", name + ".out"))
    return ja4[:8] + "**" + ja4[10:] if is_ndpi else ja4


def check_quic(t, name, expected, events):
    """The hellos inside QUIC, of each connection."""
    protocol = expected.get("protocols", {}).get("tls", {})
    streams = collections.OrderedDict()
    for e in protocol.get("entries", []):
        if "quic_version" not in e:
            continue
        types, facts = as_list(e.get("type")), streams.setdefault(e["udp_stream"], {})
        if "1" in types and "ja3" not in facts:
            facts.update(sni=first(e.get("sni")), ja3=first(e.get("ja3")), alpn=tuple(as_list(e.get("alpn"))))
        if "2" in types:
            facts.update(ja3s=first(e.get("ja3s")), cipher=int(as_list(e["ciphers"])[-1], 16))
    names = ("sni", "ja3", "alpn", "ja3s", "cipher")
    theirs = collections.Counter(tuple(f.get(n) or None for n in names) for f in streams.values() if f)
    more = {e["flow_id"]: e["pal"] for e in events if e["event_type"] == "pal_quic"}
    ours = collections.Counter()
    for e in events:
        if e["event_type"] == "quic" and ("ja3" in e["quic"] or "ja3s" in e["quic"]):
            body, pal_body = e["quic"], more[e["flow_id"]]
            ours[(body.get("sni"), body.get("ja3", {}).get("hash"), tuple(pal_body.get("client_alpns", ())) or None,
                  body.get("ja3s", {}).get("hash"), pal_body.get("cipher"))] += 1
    compare(t, name, "quic", theirs, ours)
    return sum(theirs.values())


def check_dtls(t, name, expected, events):
    """The hellos of DTLS, of each connection."""
    streams = collections.defaultdict(dict)
    for e in expected.get("protocols", {}).get("dtls", {}).get("entries", []):
        for key in ("ja3", "ja3s"):
            if key in e:
                streams[e["udp_stream"]].setdefault(key, first(e[key]))
        if "sni" in e:
            streams[e["udp_stream"]]["sni"] = first(e["sni"])
    names = ("sni", "ja3", "ja3s")
    theirs = collections.Counter(tuple(f.get(n) for n in names) for f in streams.values())
    ours = collections.Counter(
        (e["pal"].get("sni"), e["pal"].get("ja3", {}).get("hash"), e["pal"].get("ja3s", {}).get("hash"))
        for e in events if e["event_type"] == "pal_dtls")
    compare(t, name, "dtls", theirs, ours)
    return sum(theirs.values())


def check_ja4(t, name, events):
    theirs = {masked(name, v) for v in upstream_ja4(name)}
    ours = {masked(name, (e.get("tls") or e.get("quic") or e["pal"])["ja4"]) for e in events
            if e["event_type"] in ("tls", "quic", "pal_dtls") and "ja4" in (e.get("tls") or e.get("quic") or e["pal"])}
    missing = theirs - ours
    t.check(not missing or (name, "ja4") in EXPLAINED, "%s: ja4: others have %s, PAL %s" % (name, missing, ours))
    return len(theirs - missing)


def stats_of(run):
    """The five files of tls-stats; conversations in an order of their own."""
    found = {name: run.document("tls-stats-%s.json" % name) for name in STATS}
    found["conversations"].sort(key=lambda c: (c["flow_id"], str(c)))
    return found


def check_stats(t, name, run, other, events):
    """tls-stats counts the handshakes that the records tell of."""
    stats, handshakes = stats_of(run), [e for e in events if e["event_type"] == "pal_tls"]
    t.check(stats == stats_of(other), "%s: -j 3 has other tls-stats" % name)
    t.equal(len(stats["conversations"]), len(handshakes), "%s: conversations" % name)
    for file in STATS[1:]:
        t.equal(sum(stats[file].values()), len(handshakes), "%s: %s" % (name, file))
    ciphers = collections.Counter(e["pal"].get("cipher_name", "<None>") for e in handshakes if
                                  "cipher" not in e["pal"] or "cipher_name" in e["pal"])
    t.equal({k: v for k, v in stats["ciphers"].items() if not k.startswith("0x")}, dict(ciphers), "%s: ciphers" % name)
    ja3 = collections.Counter(e["tls"]["ja3"]["hash"] for e in events if e["event_type"] == "tls" and "ja3" in e["tls"])
    t.equal(collections.Counter(c["ja3"] for c in stats["conversations"] if "ja3" in c), ja3, "%s: ja3" % name)


def without_stats(run):
    return [line for line in run.lines() if b'"event_type":"stats"' not in line and b'"pal_stats"' not in line]


def compare(t, name, what, theirs, ours):
    same = theirs == ours
    explained = (name, what) in EXPLAINED
    t.check(same != explained, "%s: %s: tshark only %s, PAL only %s" % (
        name, what, dict(theirs - ours), dict(ours - theirs)))


def check_tcp(t, name, expected, events):
    protocol = expected.get("protocols", {}).get("tls", {})
    entries = [e for e in protocol.get("entries", []) if "tcp_stream" in e]
    if protocol.get("frames", 0) != len(protocol.get("entries", [])):
        # Only the first frames are listed: then the sums over all of them are compared.
        ours = collections.Counter(
            e["tls"]["ja3"]["hash"] for e in events if e["event_type"] == "tls" and "ja3" in e["tls"])
        theirs = collections.Counter({k: v for k, v in protocol["summary"]["ja3"].items() if k})
        compare(t, name, "ja3", theirs, ours)
        return sum(theirs.values())
    theirs = of_tshark(entries)
    compare(t, name, "tls", theirs, of_pal(events, "tls", "pal_tls"))
    return sum(theirs.values())


def main():
    t = pal.Test()
    alone = pal.run(os.path.join(pal.SMALL, "tls-1.2.pcap"), "-p", "tls")
    t.equal(os.listdir(alone.outdir), ["eve.json"], "-p tls loads tls-stats, too")
    captures = pal.captures()
    names = list(captures)
    runs = pal.at_once(lambda n: pal.run(captures[n], *PLUGINS), names)
    others = pal.at_once(lambda n: pal.run(captures[n], *PLUGINS, "-j", "3"), names)
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if os.path.exists(p)]
    compared = collections.Counter()
    for name, run, other in zip(names, runs, others):
        if not t.healthy(run, name, (0, 1)) or not t.healthy(other, name, (0, 1)):
            continue
        t.check(without_stats(run) == without_stats(other), "%s: -j 3 has other records" % name)
        events = run.events()
        check_stats(t, name, run, other, events)
        for validator in validators:
            problems = [p for e in events if "stats" not in e["event_type"] for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        expected = pal.expected(name)
        if expected is not None:
            compared["tls"] += check_tcp(t, name, expected, events)
            compared["quic"] += check_quic(t, name, expected, events)
            compared["dtls"] += check_dtls(t, name, expected, events)
            compared["ja4"] += check_ja4(t, name, events)
    for what, count in compared.items():
        print("%s: %d handshakes compared" % (what, count))
        t.check(count or not pal.have_corpus(), "%s: nothing was compared" % what)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
