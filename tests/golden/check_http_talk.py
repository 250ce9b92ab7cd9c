#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Records about HTTP conversations made here, in TCP segments of any size: pipelined, chunked, until the end, without a
body, with a gap, and what becomes of them when they change to another protocol.
"""
import struct
import sys

import apps
import build
import pal

C, S = False, True


def record(method, url, status, length, **more):
    body = {"http_method": method, "url": url, "protocol": "HTTP/1.1", "length": length}
    if status:
        body["status"] = status
    return dict(body, **more)


FIELDS = (
    b"Host: WWW.Example:8080\r\nUser-Agent: test/1\r\nReferer: http://r/\r\nX-Forwarded-For: 192.0.2.1\r\n"
    b"True-Client-IP: 192.0.2.2\r\nOrg-Src-IP: 192.0.2.3\r\nX-BlueCoat-Via: v\r\nUser-Agent: second\r\n")
CONVERSATIONS = {
    "all fields": (
        [(C, b"GET /a?b=c HTTP/1.1\r\n" + FIELDS + b"\r\n"),
         (S, b"HTTP/1.1 206 Partial Content\r\nContent-Type: text/html ; charset=x\r\nContent-Length: 3\r\n"
             b"Location: /else\r\nContent-Range: bytes 10-12/100\r\n\r\nabc")],
        [record("GET", "/a?b=c", 206, 3, hostname="www.example", http_port=8080, http_user_agent="test/1",
                http_refer="http://r/", xff="192.0.2.1", true_client_ip="192.0.2.2", org_src_ip="192.0.2.3",
                x_bluecoat_via="v", http_content_type="text/html", redirect="/else",
                content_range={"raw": "bytes 10-12/100", "start": 10, "end": 12, "size": 100})]),
    "pipelined": (
        [(C, b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: [2001:db8::1]:81\r\n\r\n"
             b"POST /3 HTTP/1.1\r\nContent-Length: 4\r\n\r\nGET GET /4 HTTP/1.1\r\n\r\n"),
         (S, b"HTTP/1.1 200 OK\r\nContent-Range: bytes */7\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\n\r\n"),
         (S, b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
         (S, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
         (S, b"HTTP/1.1 200 OK\r\n\r\nuntil the end")],
        [record("GET", "/1", 200, 11, hostname="a", content_range={"raw": "bytes */7", "size": 7}),
         record("HEAD", "/2", 200, 0, hostname="[2001:db8::1]", http_port=81),
         record("POST", "/3", 304, 0), record("GET", "/4", 200, 13)]),
    "whole URI": (
        [(C, b"GET http://Proxied/x HTTP/1.1\r\nHost: other\r\n\r\n"), (S, b"HTTP/1.1 204 No Content\r\n\r\n")],
        [record("GET", "http://Proxied/x", 204, 0, hostname="proxied")]),
    "no response": ([(C, b"GET / HTTP/1.1\r\n\r\n")], [record("GET", "/", None, 0)]),
    "response first": (
        [(C, b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"), (S, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
         (C, b"cd")],
        [record("POST", "/", 413, 0)]),
    "upgrade refused": (
        [(C, b"GET /1 HTTP/1.1\r\nUpgrade: x\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
         (S, b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")],
        [record("GET", "/1", 200, 1), record("GET", "/2", 404, 0)]),
    "tunnel refused": (
        [(C, b"CONNECT a:443 HTTP/1.1\r\n\r\n"), (S, b"HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"),
         (C, b"CONNECT a:443 HTTP/1.1\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\n\r\n"),
         (C, b"SSH-2.0-a\r\n"), (S, b"SSH-2.0-b\r\n")],
        [record("CONNECT", "a:443", 407, 2, hostname="a", http_port=443),
         record("CONNECT", "a:443", 200, 0, hostname="a", http_port=443)], "ssh"),
    "upgrade": (
        [(C, b"GET /1 HTTP/1.1\r\nUpgrade: x\r\n\r\n"), (S, b"HTTP/1.1 101 Yes\r\nUpgrade: x\r\n\r\nSSH-2.0-b\r\n"),
         (C, b"SSH-2.0-a\r\n")],
        [record("GET", "/1", 101, 0)], "ssh"),
}


def conversations(t):
    for name, (messages, want, *app) in CONVERSATIONS.items():
        for step in apps.STEPS:
            title = "%s, segments of %s" % (name, step)
            run = apps.check(t, title, "http", apps.tcp_talk(80, messages, step), want, "-p", "http,flows,anomaly")
            if run:
                t.equal(apps.apps_of(run), app or ["http"], "%s: app_proto" % title)
                t.equal(run.events("anomaly"), [], "%s: anomalies" % title)


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, ACK = 4, 1
DATA, HEADERS, RST_STREAM, PUSH_PROMISE, PING, CONTINUATION = 0, 1, 3, 5, 6, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload) << 8 | kind) + struct.pack(">BI", flags, stream) + payload


def hpack(*pairs, indexed=True):
    """Literal fields that join the table (RFC 7541 section 6.2.1), without Huffman's code."""
    out = b""
    for name, value in pairs:
        out += bytes([0x40 if indexed else 0, len(name)]) + name + bytes([len(value)]) + value
    return out


def setting(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *p) for p in pairs))


def named(*pairs):
    return [{"name": n.decode(), "value": v.decode()} for n, v in pairs]


GET = ((b":method", b"GET"), (b":path", b"/2"), (b":authority", b"B:81"), (b"user-agent", b"h2"))
OK = ((b":status", b"200"), (b"content-type", b"a/b;c"))
LAST_OK = b"\xbf\xbe"  # the two latest entries of the table, the older first


def stream2(stream, length, request=GET, response=OK, **more):
    want = {"version": "2", "length": length, "http2": {"stream_id": stream}}
    if request:
        want.update(http_method="GET", url="/2", hostname="b", http_port=81, http_user_agent="h2", request_headers=named(*request))
    if response:
        want.update(status=200, http_content_type="a/b", response_headers=named(*response))
    want.update(more)
    return want


def settings2(side, **values):
    return {"version": "2", "http2": {"stream_id": 0, side: {"settings": [
        {"settings_id": "SETTINGS" + k, "settings_value": v} for k, v in values.items()]}}}


HTTP2 = {
    "HTTP/2": (
        [(C, PREFACE + setting((1, 65536), (3, 100), (99, 1))), (S, setting((5, 16384))), (C, frame(SETTINGS, ACK)),
         (C, frame(HEADERS, END_STREAM | PRIORITY | PADDED, 1, b"\2\0\0\0\0\x07" + hpack(*GET)[:20] + b"pp")
             + frame(CONTINUATION, END_HEADERS, 1, hpack(*GET)[20:])),
         (S, frame(HEADERS, END_HEADERS, 1, hpack(*OK)) + frame(PING, 0, 0, b"x" * 8)
             + frame(DATA, PADDED, 1, b"\3hello\0\0\0")),
         (S, frame(DATA, END_STREAM, 1, b"x" * 300)),
         (C, frame(HEADERS, END_HEADERS | END_STREAM, 3, b"\xc1\xc0\xbf\xbe")),
         (S, frame(HEADERS, END_HEADERS | END_STREAM, 3, LAST_OK)),
         (C, frame(HEADERS, END_HEADERS, 5, b"\xc1\xc0\xbf\xbe")), (C, frame(RST_STREAM, 0, 5, b"\0\0\0\x08")),
         (S, frame(PUSH_PROMISE, END_HEADERS, 3, b"\0\0\0\x02" + hpack(*GET)) + frame(HEADERS, END_HEADERS, 2, hpack(*OK))
             + frame(DATA, END_STREAM, 2, b"pushed"))],
        [settings2("request", HEADERTABLESIZE=65536, MAXCONCURRENTSTREAMS=100), settings2("response", MAXFRAMESIZE=16384),
         stream2(1, 305, http2={"stream_id": 1, "request": {"priority": 7}}), stream2(3, 0),
         stream2(5, 0, response=None, http2={"stream_id": 5, "request": {"error_code": "CANCEL"}}), stream2(2, 6)],
        ["http2"], []),
    "upgrade to HTTP/2": (
        [(C, b"GET /1 HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n"),
         (S, b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n" + setting((5, 16384))),
         (S, frame(HEADERS, END_HEADERS, 1, hpack(*OK)) + frame(DATA, END_STREAM, 1, b"one")),
         (C, PREFACE + frame(SETTINGS))],
        [record("GET", "/1", 101, 0, hostname="a"), settings2("response", MAXFRAMESIZE=16384), stream2(1, 3, request=None)],
        ["http2"], []),
    "no such entry": (
        [(C, PREFACE + setting((3, 1)) + frame(HEADERS, END_HEADERS, 1, b"\xff\x80\x01")), (S, setting((3, 1)))],
        [settings2("request", MAXCONCURRENTSTREAMS=1)], ["http2"], ["malformed_data"]),
}


def http2(t):
    for name, (messages, want, app, anomalies) in HTTP2.items():
        for step in apps.STEPS:
            title = "%s, segments of %s" % (name, step)
            run = apps.check(t, title, "http", apps.tcp_talk(81, messages, step), want, "-p", "http,flows,anomaly")
            if run:
                t.equal(apps.apps_of(run), app, "%s: app_proto" % title)
                t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], anomalies, "%s: anomalies" % title)


def headers(t):
    """All headers, on demand."""
    talk = [(C, b"GET / HTTP/1.1\r\nA: 1\r\nB:\r\n\r\n"), (S, b"HTTP/1.1 204 No\r\nC: 3\r\n\r\n")]
    lists = {
        "request_headers": [{"name": "A", "value": "1"}, {"name": "B"}],
        "response_headers": [{"name": "C", "value": "3"}],
    }
    for word, keys in (("none", ()), ("request", ("request_headers",)), ("response", ("response_headers",)),
                       ("both", ("request_headers", "response_headers"))):
        want = record("GET", "/", 204, 0, **{k: lists[k] for k in keys})
        apps.check(
            t, "headers: %s" % word, "http", apps.tcp_talk(80, talk), [want], "-p", "http", "--set",
            "plugin.http.dump-all-headers=%s" % word)
    run = pal.run([], "--set", "plugin.http.dump-all-headers=all", "-p", "http", "-r", pal.write_file(
        "x.pcap", apps.tcp_talk(80, talk)))
    t.check(run.code not in (0, 1) and b"dump-all-headers" in run.stderr, "headers: all: %d %s" % (run.code, run.stderr))


def gaps(t):
    """A response is missing, and then a piece of another: the rest has its own request."""
    c = build.Connection(server=(build.B, 80))
    c.handshake()
    for n in range(4):
        c.client(b"GET /%d HTTP/1.1\r\n\r\n" % n)
        response = b"HTTP/1.1 20%d OK\r\nContent-Length: 6\r\n\r\n" % n
        c.server(response, lost=n == 1)
        c.server(b"abc", lost=n in (1, 2))
        c.server(b"abc", lost=n == 1)
        c.client(b"", flags=build.ACK)
    c.close()
    run = pal.run(pal.write_file("gaps.pcap", c.file()), "-p", "http,anomaly")
    if t.healthy(run, "gaps"):
        got = sorted((b["url"], b.get("status"), b["length"]) for b in apps.bodies(run, "http"))
        t.equal(got, [("/0", 200, 6), ("/1", None, 0), ("/2", 202, 6), ("/3", 203, 6)], "gaps")


def malformed(t):
    """Said once; what was read before is written; nothing more is read."""
    talk = [(C, b"GET /1 HTTP/1.1\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
            (C, b"GET /2 HTTP/1.1\r\n\r\n"), (S, b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")]
    for step in apps.STEPS:
        run = pal.run(pal.write_file("malformed.pcap", apps.tcp_talk(80, talk, step)), "-p", "http,anomaly")
        if t.healthy(run, "malformed"):
            t.equal(apps.bodies(run, "http"), [record("GET", "/1", 200, 0)], "malformed, segments of %s" % step)
            t.equal([e["anomaly"]["event"] for e in run.events("anomaly")], ["malformed_data"], "malformed: anomalies")


def bounds(t):
    """More requests than may wait are written without a response; long ones are cut."""
    talk = [(C, b"GET /%d HTTP/1.1\r\nX: y\r\n\r\n" % n) for n in range(200)]
    run = pal.run(pal.write_file("many.pcap", apps.tcp_talk(80, talk)), "-p", "http")
    if t.healthy(run, "many"):
        t.equal(len(run.events("http")), 200, "requests without responses")
    talk = [(C, b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")]
    for step in (1000, None):
        run = pal.run(pal.write_file("long.pcap", apps.tcp_talk(80, talk, step or 60000)), "-p", "http")
        if t.healthy(run, "long"):
            body = apps.bodies(run, "http")[0]
            t.equal((len(body["url"]), body["http_method"]), (16384 - 4, "GET"), "a long target")


def main():
    t = pal.Test()
    conversations(t)
    http2(t)
    headers(t)
    gaps(t)
    malformed(t)
    bounds(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
