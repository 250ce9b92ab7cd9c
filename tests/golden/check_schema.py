#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every record of every capture: valid JSON, right types, valid by OISF's schemas and by PAL's own."""
import os
import sys

import pal

sys.path.insert(0, os.path.join(pal.TREE, "tests", "schema"))
try:
    import validate
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(pal.SKIP)

# Suricata 7 has fewer counters: its `stats` are not claimed (interfaces.md).
SCHEMAS = {"eve-schema-8.0.6.json": (), "eve-schema-7.0.10.json": ("stats", "ldap")}


def validators():
    found = []
    for name, skip in SCHEMAS.items():
        path = os.path.join(pal.SCHEMAS, name)
        if os.path.exists(path):
            found.append((name, validate.Validator(path, skip)))
        else:
            print("skipped: records against %s, which is not there" % path)
    return found or [("PAL's own", validate.Validator())]


# Of flows and of the end of a run; and of what only some captures have.
ALWAYS = {"stats", "pal_stats"}
TYPES = ALWAYS | {"flow", "anomaly", "pal_anomaly", "pal_anomaly_totals", "pal_stream_digest", "pal_tunnel"}
APPS = {"dhcp", "dns", "ftp", "http", "ike", "krb5", "ldap", "quic", "smtp", "snmp", "ssh", "tls", "pal_dhcpv6", "pal_dtls", "pal_ike",
        "pal_netbios", "pal_ntp", "pal_ospf", "pal_quic", "pal_tls"}


def names_in(path, macro, place=0):
    """The names that a .def gives to MACRO(ID, ..., "name", ...): the first string, or the one at another place."""
    with open(os.path.join(pal.TREE, "lib", path)) as f:
        return {line.split('"')[1 + 2 * place] for line in f if line.startswith(macro + "(")}


def check_names(t, name, events):
    """Exits, layers, tunnels and anomalies have the names of their .def files."""
    anomalies = (
        names_in("decode/decode_anomalies.def", "PAL_DECODE_ANOMALY") | names_in("defrag/defrag_events.def", "PAL_DEFRAG_EVENT")
        | names_in("stream/stream_events.def", "PAL_STREAM_EVENT") | names_in("proto/proto_events.def", "PAL_APP_EVENT", 1))
    tunnels, exits = names_in("pkt/pal_tunnel.def", "PAL_TUNNEL"), names_in("pkt/pal_drop.def", "PAL_DROP")
    used = {"anomaly": set(), "tunnel": set(), "exit": set()}
    for e in events:
        body = e.get("pal", {})
        if e["event_type"] == "pal_tunnel":
            used["tunnel"] |= set(body.get("path", [])) | set(body.get("carries", []))
        elif e["event_type"] == "pal_anomaly":
            used["anomaly"].add(body["event"])
        elif e["event_type"] == "pal_anomaly_totals":
            used["anomaly"] |= {x["event"] for x in body["events"]}
        elif e["event_type"] == "pal_stats":
            used["exit"] |= set(body["ledger"]["exits"]) | set(body["ledger_inner"]["exits"])
            used["tunnel"] |= set(body["tunnels"])
            used["anomaly"] |= set(body["anomalies"])
    for what, known in (("anomaly", anomalies), ("tunnel", tunnels), ("exit", exits)):
        t.check(used[what] <= known, "%s: %s without a definition: %s" % (name, what, used[what] - known))


def check_totals(t, name, events):
    """Anomalies: what the plugin has counted is what the program has."""
    totals = {x["event"]: x["seen"] for e in events if e["event_type"] == "pal_anomaly_totals" for x in e["pal"]["events"]}
    stats = [e for e in events if e["event_type"] == "pal_stats"][-1]["pal"]["anomalies"]
    t.equal(totals, stats, "%s: anomalies" % name)


def rejects(t, validator):
    """The validators do find what is wrong."""
    wrong = [
        {"event_type": "pal_stats", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {}},
        {"event_type": "pal_other", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {}},
        {"event_type": "flow", "timestamp": "2020-01-01T00:00:00.000000+0000", "flow_id": "1"},
        {"event_type": "pal_anomaly", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {"type": "decode"}},
        {"event_type": "pal_tunnel", "timestamp": "2020-01-01T00:00:00.000000+0000", "pal": {"path": ["gre"], "id": 1}},
    ]
    for event in wrong:
        t.check(list(validator.problems(event)), "passes, but is wrong: %s" % event)


def main():
    t = pal.Test()
    captures = pal.captures()
    runs = pal.at_once(lambda n: pal.run(captures[n], "-j", "2", *pal.EVERYTHING), list(captures))
    schemas, seen = validators(), set()
    for name, run in zip(captures, runs):
        if not t.healthy(run, name, (0, 1)):
            continue
        events = run.events()  # strict JSON, no key twice
        types = {e["event_type"] for e in events}
        t.check(ALWAYS <= types <= TYPES | APPS, "%s: %s" % (name, types))
        seen |= types
        check_names(t, name, events)
        check_totals(t, name, events)
        for schema, validator in schemas:
            problems = [p for e in events for p in validator.problems(e)]
            t.check(not problems, "%s: %s: %d problems: %s" % (name, schema, len(problems), problems[:3]))
    rejects(t, schemas[0][1])
    wanted = TYPES | APPS
    t.check(seen >= wanted or not pal.have_corpus(), "no record of %s" % sorted(wanted - seen))
    for schema, validator in schemas:
        t.check(validator.validated, "%s: nothing validated" % schema)
        print("%s: %d records valid" % (schema, validator.validated))
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
