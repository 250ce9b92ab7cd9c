#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""SMTP, FTP, POP3 and IMAP: records of whole conversations, and where they become another protocol, however they are cut
into segments.
"""
import collections
import os
import sys

import build
import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    validate = None

SCHEMAS = ("eve-schema-8.0.6.json", "eve-schema-7.0.10.json")

SSH = b"SSH-2.0-OpenSSH_9.6\r\n"
SIZES = (1, 7, 100, 1460)

SMTP = [
    (1, b"220 mx.example.org ESMTP ready\r\n"),
    (0, b"EHLO client.example.net\r\n"),
    (1, b"250-mx.example.org\r\n250-PIPELINING\r\n250 STARTTLS\r\n"),
    (0, b"MAIL FROM:<a@example.net> SIZE=100\r\nRCPT TO:<b@example.org>\r\nRCPT TO: <c@example.org>\r\nDATA\r\n"),
    (1, b"250 ok\r\n250 ok\r\n550 no such user\r\n354 go on\r\n"),
    (0, b"From: A <a@example.net>\r\nTo: \"B, the\" <b@example.org>,\r\n\tc@example.org\r\nSubject: one\r\n two\r\n"
        b"X-Mailer: hand\r\n\r\nFrom: nobody\r\n..\r\nSTARTTLS\r\n.\r\n"),
    (1, b"250 queued\r\n"),
    (0, b"MAIL FROM:<>\r\n"),
    (1, b"250 ok\r\n"),
    (0, b"DATA\r\n"),
    (1, b"503 nobody to send it to\r\n"),
    (0, b"RSET\r\n"),
    (1, b"250 ok\r\n"),
    (0, b"QUIT\r\n"),
    (1, b"221 bye\r\n"),
]
SMTP_RECORDS = [
    {
        "smtp": {"helo": "client.example.net", "mail_from": "<a@example.net>", "rcpt_to": ["<b@example.org>", "<c@example.org>"]},
        "email": {"from": "A <a@example.net>", "to": ["\"B, the\" <b@example.org>", "c@example.org"], "subject": "one two",
                  "x_mailer": "hand"},
    },
    {"smtp": {"helo": "client.example.net", "mail_from": "<>"}},
]

FTP = [
    (1, b"220-Hello\r\nthis is FTP\r\n220 go on\r\n"),
    (0, b"USER joe\r\n"),
    (1, b"331 password?\r\n"),
    (0, b"PASV\r\n"),
    (1, b"227 Entering Passive Mode (10,0,0,2,4,5).\r\n"),
    (0, b"RETR a file\r\n"),
    (1, b"150 here it comes\r\n"),
    (1, b"226 done\r\n"),
    (0, b"EPRT |1|10.0.0.1|6275|\r\n"),
    (1, b"200 ok\r\n"),
    (0, b"QUIT\r\n"),
]
FTP_RECORDS = [
    {"completion_code": ["220"], "reply": ["Hello", "this is FTP", "go on"], "reply_received": "yes"},
    {"command": "USER", "command_data": "joe", "completion_code": ["331"], "reply": ["password?"], "reply_received": "yes"},
    {"command": "PASV", "completion_code": ["227"], "reply": ["Entering Passive Mode (10,0,0,2,4,5)."],
     "reply_received": "yes", "dynamic_port": 1029, "mode": "passive"},
    {"command": "RETR", "command_data": "a file", "completion_code": ["150", "226"], "reply": ["here it comes", "done"],
     "reply_received": "yes"},
    {"command": "EPRT", "command_data": "|1|10.0.0.1|6275|", "completion_code": ["200"], "reply": ["ok"],
     "reply_received": "yes", "dynamic_port": 6275, "mode": "active"},
    {"command": "QUIT", "reply_received": "no"},
]

# Up to the change, by protocol: the server agrees, or refuses.
CHANGES = {
    "smtp": (25, [(1, b"220 mx ESMTP\r\n"), (0, b"EHLO a\r\n"), (1, b"250 STARTTLS\r\n"), (0, b"STARTTLS\r\n")],
             b"220 go on\r\n", b"454 not now\r\n", b"MAIL FROM:<a@b>\r\n"),
    "pop3": (110, [(1, b"+OK POP3 ready\r\n"), (0, b"CAPA\r\n"), (1, b"+OK\r\nSTLS\r\n-ERR\r\n.\r\n"), (0, b"STLS\r\n")],
             b"+OK begin\r\n", b"-ERR no\r\n", b"USER joe\r\n"),
    "imap": (143, [(1, b"* OK IMAP4 ready\r\n"), (0, b"a1 CAPABILITY\r\n"), (1, b"* CAPABILITY STARTTLS\r\na1 OK\r\n"),
                   (0, b"a2 ID {9}\r\nSTARTTLS\r x\r\n"), (1, b"a2 OK\r\n"), (0, b"a3 STARTTLS\r\n")],
             b"a3 OK begin\r\n", b"a3 NO never\r\n", b"a4 NOOP\r\n"),
    "ftp": (21, [(1, b"220 FTP ready\r\n"), (0, b"FEAT\r\n"), (1, b"211-Features\r\n AUTH TLS\r\n211 End\r\n"),
                 (0, b"AUTH TLS\r\n")],
            b"234 begin\r\n", b"534 no\r\n", b"USER joe\r\n"),
}


def conversation(port, turns, size):
    c = build.Connection(server=(build.B, port)).handshake()
    for who, text in turns:
        for at in range(0, len(text), size):
            c.send(who, build.ACK | build.PSH, text[at : at + size])
    return c.close().file()


def run(port, turns, size, *args):
    path = pal.write_file("text.pcap", conversation(port, turns, size))
    return pal.run(path, "-p", "mail,ftp,flows,anomaly,dns", *args)


def check_records(t):
    for size in SIZES:
        r = run(2525, SMTP, size)
        if t.healthy(r, "SMTP by %d" % size):
            got = [{k: e[k] for k in ("smtp", "email") if k in e} for e in r.events("smtp")]
            t.equal(got, SMTP_RECORDS, "SMTP by %d" % size)
            t.equal([f["app_proto"] for f in r.flows()], ["smtp"], "SMTP by %d: flow" % size)
            t.equal(r.events("anomaly"), [], "SMTP by %d: anomalies" % size)
        r = run(21, FTP, size)
        if t.healthy(r, "FTP by %d" % size):
            t.equal([e["ftp"] for e in r.events("ftp")], FTP_RECORDS, "FTP by %d" % size)


def check_changes(t):
    for name, (port, turns, agrees, refuses, goes_on) in CHANGES.items():
        for size in SIZES:
            what = "%s by %d" % (name, size)
            r = run(port, turns + [(1, agrees), (0, SSH), (1, SSH)], size)
            if t.healthy(r, what):
                flow = r.flows()[0]
                t.equal((flow["app_proto"], flow.get("app_proto_orig")), ("ssh", name), what)
                t.check("app_proto_ts" not in flow and "app_proto_tc" not in flow, what + ": sides differ")
            # The client does not wait: what it says is kept back.
            r = run(port, turns + [(0, SSH), (1, agrees + SSH)], size)
            if t.healthy(r, what):
                flow = r.flows()[0]
                t.equal((flow["app_proto"], flow.get("app_proto_orig")), ("ssh", name), what + ", at once")
            r = run(port, turns + [(1, refuses), (0, goes_on), (1, SSH)], size)
            if t.healthy(r, what):
                flow = r.flows()[0]
                t.equal((flow["app_proto"], flow.get("app_proto_orig")), (name, None), what + ", refused")
                wrong = [] if name == "imap" else ["malformed_data"]
                t.equal([e["anomaly"]["event"] for e in r.events("anomaly")], wrong, what + ", refused: anomalies")
            # One side only: what follows decides.
            r = run(port, [(w, b) for w, b in turns if w == 0] + [(0, SSH)], size)
            if t.healthy(r, what) and name != "pop3":
                flow = r.flows()[0]
                t.equal(flow["app_proto"], "ssh", what + ", client alone")


def check_lost_reply(t):
    """The reply to STARTTLS is missing."""
    for name, (port, turns, agrees, _, _) in CHANGES.items():
        c = build.Connection(server=(build.B, port)).handshake()
        for who, text in turns:
            c.send(who, build.ACK | build.PSH, text)
        c.server(agrees, lost=True).client(SSH).server(SSH)
        r = pal.run(pal.write_file("lost.pcap", c.close().file()), "-p", "mail,ftp,flows,dns")
        if t.healthy(r, name):
            flow = r.flows()[0]
            t.equal((flow["app_proto"], flow.get("app_proto_orig")), ("ssh", name), name + ", reply lost")


def commands_of_tshark(entries):
    return collections.Counter((e["command"], e.get("argument", "")) for e in entries if isinstance(e.get("command"), str))


def check_corpus(t):
    """FTP: the commands that tshark found, all answered but the last. SMTP: a mail for each DATA. Valid by the schemas."""
    paths = [os.path.join(pal.SCHEMAS, s) for s in SCHEMAS]
    validators = [validate.Validator(p, ("stats",)) for p in paths if validate and os.path.exists(p)]
    compared = 0
    for name, path in pal.captures().items():
        protocols = (pal.expected(name) or {}).get("protocols", {})
        if not protocols.keys() & {"ftp", "smtp"}:
            continue
        run = pal.run(path, "-p", "mail,ftp")
        if not t.healthy(run, name, (0, 1)):
            continue
        for validator in validators:
            problems = [p for e in run.events("ftp", "smtp") for p in validator.problems(e)]
            t.check(not problems, "%s: %s" % (name, problems[:3]))
        ours = collections.Counter(
            (e["ftp"]["command"], e["ftp"].get("command_data", "")) for e in run.events("ftp") if "command" in e["ftp"])
        t.equal(ours, commands_of_tshark(protocols.get("ftp", {}).get("entries", [])), name + ": FTP commands")
        mails = commands_of_tshark(protocols.get("smtp", {}).get("entries", []))
        nb_data = sum(n for (command, _), n in mails.items() if command == "DATA")
        t.equal(sum("email" in e for e in run.events("smtp")), nb_data, name + ": mails")
        compared += sum(ours.values()) + nb_data
    print("%d commands and mails compared" % compared)
    t.check(compared or not pal.have_corpus(), "nothing was compared")


def main():
    t = pal.Test()
    check_corpus(t)
    check_records(t)
    check_changes(t)
    check_lost_reply(t)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
