#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""HTTP of every capture: the requests and responses that tshark found, responses complete in the same frames; the same
records with one worker and with three; all valid by the schemas.
"""
import collections
import os
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")
# So many of a kind are listed in expected/; of the rest there are totals.
LISTED = 250
# Captures in which PAL finds more, and why tshark does not. What is found must be in the capture word for word.
MORE = {
    "1000-requests-one-dropped-response.pcap.gz": "responses behind one that is missing",
    "1000-requests-one-dropped-response.pcap.lz4": "the same",
    "1000-requests-one-dropped-response.pcap.xz": "the same",
    "1kxun.pcap": "responses that are cut off, or begin behind one whose beginning is missing",
    "4KHttpRequests.pcap": "requests of a connection with gaps, behind the first gap",
    "erspan.pcap": "responses with gaps in them",
    "example.pcap": "a SUBSCRIBE of UPnP",
    "fuzz-2006-09-29-28586.pcap": "messages with damaged segments",
    "gtp1_gn_normal_incl_fragmentation.pcap": "a response that is cut off",
    "ipv6-http-atomic-frag.pcap": "a request of HTTP/0.9",
    "raw_ip.pcap": "a response that is cut off",
    "tcp-urgent1.pcap": "a request with an urgent byte in it",
    "unidirectional_tcp_stream_with_missing_packet.pcap": "a request with a gap in its body",
    "vlan-collisions.pcap": "it takes the same endpoints in other VLANs for the same connection",
}
# What PAL does not find, and why.
LESS = {
    ("emix.pcap", ("GET", "www.example.com", "/", "HTTP/1.1",
                   "curl/7.24.0 (x86_64-apple-darwin12.0) libcurl/7.24.0 OpenSSL/0.9.8y zlib/1.2.5")): "through SOCKS",
    ("emix.pcap", (2233, 200, "text/html")): "through SOCKS",
    ("emix.pcap", (2248, 200, "text/html")): "through SOCKS",
    ("emix.pcap", (2265, 200, "text/html")): "through SOCKS",
    ("emix.pcap", (2310, 200, "text/html")): "through SOCKS",
    ("fuzz-2006-09-29-28586.pcap", ("POST", "%s", "/ppgctrl/ppgcontrollogic.dll", "HTTP/1.1",
                                    "MMS-Relay-DeliveryInitiator")): "cut at a NUL byte, which PAL keeps",
}
# Start lines in several segments.
SPLIT = {"tcp-urgent1.pcap"}
# Responses whose last byte came before one that was missing: PAL names the packet that brought it.
OTHER_FRAME = {("example.pcap", 1441), ("example.pcap", 1452), ("tls-subjectaltname.pcap", 1597)}


def columns(entry, names):
    """The messages of one frame: each name has one value, or a list of as many as there are messages."""
    values = [entry.get(n) for n in names]
    rows = max([len(v) for v in values if isinstance(v, list)] or [1])
    for i in range(rows):
        yield tuple(v[i] if isinstance(v, list) and len(v) == rows else v for v in values)


def media_type(text):
    return text.split(";")[0].strip() if text else None


def of_tshark(protocols):
    """-> requests, responses: counters of what is known of each. HTTP over UDP (SSDP) is another matter."""
    requests, responses = collections.Counter(), collections.Counter()
    for entry in protocols.get("http_request", {}).get("entries", []):
        if "tcp_stream" in entry:
            for method, host, uri, version, agent in columns(entry, ("method", "host", "uri", "version", "user_agent")):
                requests[(method, host.lower() if host else None, uri, version or None, agent)] += 1
    for entry in protocols.get("http_response", {}).get("entries", []):
        if "tcp_stream" in entry:
            for status, kind in columns(entry, ("status", "content_type")):
                # An interim response is not the one that a request gets.
                if status and (int(status) >= 200 or status == "101"):
                    responses[(entry["frame"], int(status), media_type(kind))] += 1
    return requests, responses


def of_pal(events):
    requests, responses = collections.Counter(), collections.Counter()
    for event in events:
        http = event["http"]
        if "http2" in http:
            continue
        if "http_method" in http:
            host = http.get("hostname")
            if "http_port" in http:
                host = "%s:%d" % (host, http["http_port"])
            requests[(http["http_method"], host, http["url"], http.get("protocol"), http.get("http_user_agent"))] += 1
        if "status" in http:
            responses[(event["pcap_cnt"], http["status"], http.get("http_content_type"))] += 1
    return requests, responses


def as_list(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def compare_http2(t, name, protocols, events):
    """Requests, status codes and streams of HTTP/2."""
    theirs, ours = collections.Counter(), collections.Counter()
    for entry in protocols.get("http2", {}).get("entries", []):
        theirs.update(columns(entry, ("method", "authority", "path")) if "method" in entry else ())
        theirs.update(int(s) for s in as_list(entry.get("status")))
        theirs.update("stream %s" % s for s, kind in zip(as_list(entry["stream"]), as_list(entry["type"])) if kind == "1")
    for event in events:
        http = event["http"]
        if http.get("http2", {}).get("stream_id", 0):
            ours[(http["http_method"], "%s:%d" % (http["hostname"], http["http_port"]), http["url"])] += 1
            ours[http["status"]] += 1
            ours["stream %d" % http["http2"]["stream_id"]] += 2  # HEADERS of both sides
    t.equal(ours, theirs, "%s: HTTP/2" % name)
    return sum(theirs.values())


def start_line(fact):
    """What must be in a capture that has this message."""
    if len(fact) == 3:
        return b" %d " % fact[1]
    return ("%s %s" % (fact[0], fact[2])).encode("utf-8", "surrogateescape")


def compare(t, name, data, theirs, ours, entries):
    """Of a long list only the beginning is known: there all of it must be among ours."""
    for fact in theirs - ours:
        t.check((name, fact) in LESS or (name, fact[0]) in OTHER_FRAME, "%s: not found: %s" % (name, fact))
    for fact in ours - theirs if entries < LISTED else ():
        is_moved = any(n == name for n, _ in OTHER_FRAME) and len(fact) == 3
        t.check(name in MORE or is_moved, "%s: only found here: %s" % (name, fact))
        t.check(start_line(fact) in data or name in SPLIT, "%s: not in the capture: %s" % (name, fact))
    return sum(theirs.values())


def totals(t, name, protocols, events):
    """Methods and status codes of all."""
    for kind, key, field in (("http_request", "method", "http_method"), ("http_response", "status", "status")):
        facts = protocols.get(kind, {})
        if len(facts.get("entries", [])) >= LISTED:
            ours = collections.Counter(str(e["http"][field]) for e in events if field in e["http"])
            theirs = collections.Counter(facts["summary"][key])
            t.check(not theirs - ours and (name in MORE or ours == theirs), "%s: %s: %s, %s" % (name, key, theirs, ours))


def without_stats(run):
    return [line for line in run.lines() if b'"event_type":"stats"' not in line and b'"pal_stats"' not in line]


def main():
    t = pal.Test()
    captures = pal.captures()
    names = list(captures)
    runs = pal.at_once(lambda n: pal.run(captures[n], "-p", "http"), names)
    others = pal.at_once(
        lambda n: pal.run(captures[n], "-p", "http", "-j", "3"), names)
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if os.path.exists(p)]
    compared = 0
    for name, run, other in zip(names, runs, others):
        if not t.healthy(run, name, (0, 1)) or not t.healthy(other, name, (0, 1)):
            continue
        t.check(without_stats(run) == without_stats(other), "%s: -j 3 has other records" % name)
        events = run.events("http")
        for validator in validators:
            problems = [p for e in events for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        expected = pal.expected(name)
        if expected is None:
            continue
        protocols, data = expected.get("protocols", {}), pal.plain(captures[name])
        for kind, theirs, ours in zip(("http_request", "http_response"), of_tshark(protocols), of_pal(events)):
            compared += compare(t, name, data, theirs, ours, len(protocols.get(kind, {}).get("entries", [])))
        compared += compare_http2(t, name, protocols, events)
        totals(t, name, protocols, events)
    print("%d messages compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
