#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A plugin outside the tree: built with pkg-config against what is installed, loaded, its results right; and what is
said of one that is not right. The build folder is $PAL_BUILD."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import pal

CAPTURES = [os.path.join(pal.SMALL, n) for n in ("combined.pcap.gz", "bug-7657-01-reused-ports.pcap", "vlan-collisions.pcap")]
CFLAGS = ["-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden"]


def install():
    """-> (prefix in a folder of ours, what pkg-config says of it)"""
    destdir = os.path.join(pal.scratch(), "destdir")
    subprocess.run(["meson", "install", "--no-rebuild", "--quiet", "--destdir", destdir, "-C", os.environ["PAL_BUILD"]],
                   check=True, stdout=subprocess.DEVNULL)
    found = [os.path.join(folder, "pal.pc") for folder, _, names in os.walk(destdir) if "pal.pc" in names]
    with open(found[0]) as f:
        prefix = re.search("^prefix=(.*)$", f.read(), re.M).group(1)
    return os.path.join(destdir, prefix.lstrip("/")), os.path.dirname(found[0])


class PkgConfig:
    def __init__(self, prefix, folder):
        self.prefix, self.env = prefix, dict(os.environ, PKG_CONFIG_PATH=folder)

    def __call__(self, *args):
        return subprocess.run(["pkg-config", "--define-variable=prefix=" + self.prefix, *args, "pal"], env=self.env,
                              stdout=subprocess.PIPE, check=True).stdout.decode().strip()


def compile_plugin(cflags, source, folder, name, *flags):
    target = os.path.join(folder, name + ".so")
    subprocess.run(["cc", *CFLAGS, *cflags, *flags, source, "-o", target], check=True, cwd=folder)
    return target


def check_pkg_config(t, pkg_config):
    cflags = pkg_config("--cflags")
    t.equal(cflags, "-I%s/include/pal" % pkg_config.prefix, "pkg-config --cflags")
    t.equal(pkg_config("--libs"), "", "pkg-config --libs: a plugin links nothing of ours")
    t.equal(pkg_config("--print-requires") + pkg_config("--print-requires-private"), "", "pkg-config: requires")
    plugindir = pkg_config("--variable=plugindir")
    t.check(os.path.exists(os.path.join(plugindir, "flows.so")), "plugindir is %s" % plugindir)
    version = subprocess.run([pal.PROGRAM, "-V"], stdout=subprocess.PIPE).stdout.decode().split()[1]
    t.equal(pkg_config("--modversion"), version, "pkg-config --modversion")
    return cflags.split()


def check_headers(t, cflags):
    """Each header stands alone, in several dialects, and brings nothing of DPDK."""
    folder = cflags[0][2:]
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".h"):
            continue
        for dialect in ("c11", "gnu17", "gnu2x"):
            p = subprocess.run(["cc", "-std=" + dialect, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *cflags, "-xc", "-"],
                               input=b"#include <%s>\n" % name.encode(), stderr=subprocess.PIPE)
            t.check(p.returncode == 0, "%s alone as %s: %s" % (name, dialect, p.stderr.decode()[:600]))
    p = subprocess.run(["cc", "-M", *cflags, "-xc", "-"], input=b"#include <pal_plugin.h>\n", stdout=subprocess.PIPE)
    t.check(p.returncode == 0 and b"/rte_" not in p.stdout, "<pal_plugin.h> brings DPDK: %s" % p.stdout.decode())


def check_results(t, folder):
    for j in ("1", "3"):
        run = pal.run(CAPTURES, "-j", j, "--set", "plugins.dir=" + folder, "-p", "outside,flows")
        if not t.healthy(run, "outside -j %s" % j):
            continue
        n = run.document("outside.json")
        stats, pal_stats = run.stats()
        flows = run.flows()
        t.equal(n["frames"], pal_stats["ledger"]["in"]["pkts"], "frames")
        t.equal((n["opened"], n["closed"]), (len(flows), len(flows)), "flows opened and closed")
        t.equal(n["datagrams"], pal_stats["ledger"]["out"]["pkts"], "datagrams")
        t.equal(n["unmarked"], 0, "flows whose bytes were not zero, or not kept")
        records = {(e["flow_id"], e["pcap_cnt"]): e["pal"] for e in run.events("pal_outside")}
        want = {(f["flow_id"], f["pcap_cnt"]): f["flow"]["pkts_toserver"] + f["flow"]["pkts_toclient"] for f in flows}
        t.equal({k: v["datagrams"] for k, v in records.items()}, want, "records of the plugin")
        t.equal(sum(r["payloads"] for r in records.values()), n["payloads"], "payloads")
        template = pal.run(CAPTURES, "-j", j, "-p", "template").document("template.json")
        t.check(0 < template["payloads"] <= n["payloads"] and template["bytes"] <= n["payload_bytes"],
                "the template sees other payloads: %s, %s" % (template, n))
        enough = pal.run(CAPTURES, "-j", j, "--set", "plugins.dir=" + folder, "-p", "outside",
                         "--set", "plugin.outside.enough-after=1")
        t.equal(enough.document("outside.json")["payloads"], sum(r["payloads"] > 0 for r in records.values()),
                "payloads of flows that want one")
    listed = subprocess.run([pal.PROGRAM, "--set", "plugins.dir=" + folder, "--list-plugins"], stdout=subprocess.PIPE)
    t.check(re.search(rb"^outside +7.7 +built outside the tree$", listed.stdout, re.M), "--list-plugins: no outside")
    t.check(b"plugin.outside.enough-after = 0" in listed.stdout, "--list-plugins: no key of it")


def check_template(t, cflags):
    """The template, copied and built elsewhere, does what the one of the tree does."""
    folder = tempfile.mkdtemp(dir=pal.scratch())
    shutil.copytree(os.path.join(pal.TREE, "plugins", "template"), os.path.join(folder, "mine"))
    source = os.path.join(folder, "mine", "template.c")
    with open(source) as f:
        text = f.read()
    with open(source, "w") as f:
        f.write(text.replace('"template', '"mine'))
    for dialect in ("gnu17", "gnu2x"):
        compile_plugin(cflags, source, folder, "mine", "-std=" + dialect)
        run = pal.run(CAPTURES, "--set", "plugins.dir=" + folder, "-p", "mine")
        if t.healthy(run, "template copied, %s" % dialect):
            ours = pal.run(CAPTURES, "-p", "template").document("template.json")
            t.equal(run.document("mine.json"), ours, "template copied, %s" % dialect)
    for value, code in (("64", 0), ("sixty", (2, 3))):
        run = pal.run(CAPTURES, "--set", "plugins.dir=" + folder, "-p", "mine", "--set", "plugin.mine.at-least=" + value)
        t.check(run.code == code or (code and run.code in code), "at-least=%s: exit code %d" % (value, run.code))
    t.check(b"plugin mine: at-least = sixty: not a whole number" in run.stderr, "at-least=sixty: %r" % run.stderr)


def check_faults(t, cflags):
    source = os.path.join(pal.HERE, "outside.c")
    for fault, codes, what in (
        ("ABI", (2,), r"outside.so: built for plugin ABI \d+ \(\d+ bytes\), this program has"),
        ("SIZE", (2,), r"outside.so: built for plugin ABI \d+ \(\d+ bytes\), this program has"),
        ("SYMBOL", (2,), "outside.so: exports no symbol 'pal_plugin'"),
        ("UNDEFINED", (2,), "cannot load plugin: .*outside.so: undefined symbol: pal_no_such_function"),
        ("MERGE", (2,), "outside.so: has merge but no lcore_init"),
        ("INIT", (2, 3), "plugin outside: the moon is in the wrong house"),
        ("LCORE_INIT", (3,), "Cannot allocate memory"),
        ("REPORT", (3,), "plugin outside: the printer is on fire"),
    ):
        folder = tempfile.mkdtemp(dir=pal.scratch())
        compile_plugin(cflags, source, folder, "outside", "-DFAULT_" + fault, "-Wno-unused-function")
        run = pal.run(CAPTURES, "--set", "plugins.dir=" + folder, "-p", "outside,flows")
        said = run.stderr.decode()
        if t.healthy(run, "fault %s" % fault, codes):
            t.check(re.search(what, said) and said.count("\n") <= 2, "fault %s: says %r" % (fault, said))
        if fault == "REPORT":  # the packets were read, so what others found is there
            t.check(run.flows() and not pal.residuals(run.stats()[1]), "fault REPORT: nothing else was written")
        if codes == (2,):
            t.check(not os.listdir(run.outdir), "fault %s: files were made" % fault)
        # Nobody asked for it: it is no obstacle.
        t.healthy(pal.run(CAPTURES, "--set", "plugins.dir=" + folder), "fault %s, not asked for" % fault)
    folder = tempfile.mkdtemp(dir=pal.scratch())
    compile_plugin(cflags, source, folder, "misnamed")
    run = pal.run(CAPTURES, "--set", "plugins.dir=" + folder, "-p", "misnamed")
    t.check(run.code == 2 and b"calls itself 'outside'. Try: name the file outside.so" in run.stderr,
            "wrong name: %d %r" % (run.code, run.stderr))
    with open(os.path.join(folder, "text.so"), "w") as f:
        f.write("no shared object\n")
    run = pal.run(CAPTURES, "--set", "plugins.dir=" + folder, "-p", "text")
    t.check(run.code == 2 and b"text.so: " in run.stderr, "no shared object: %d %r" % (run.code, run.stderr))


def check_installed(t, prefix):
    """The installed program finds what was installed with it. It looks where it was configured to, hence plugins.dir."""
    program = os.path.join(prefix, "bin", "pcap-analyzer")
    t.check(os.access(program, os.X_OK), "no program at %s" % program)


def main():
    for tool in ("meson", "pkg-config", "cc"):
        if pal.program(tool) is None:
            return pal.SKIP
    t = pal.Test()
    prefix, pc_folder = install()
    cflags = check_pkg_config(t, PkgConfig(prefix, pc_folder))
    check_installed(t, prefix)
    check_headers(t, cflags)
    folder = tempfile.mkdtemp(dir=pal.scratch())
    for dialect in ("c11", "gnu17", "gnu2x"):
        compile_plugin(cflags, os.path.join(pal.HERE, "outside.c"), folder, "outside", "-std=" + dialect, "-Wpedantic")
    check_results(t, folder)
    check_template(t, cflags)
    check_faults(t, cflags)
    return t.done()


if __name__ == "__main__":
    sys.exit(main())
