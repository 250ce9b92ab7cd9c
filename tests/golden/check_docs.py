#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What is written is so: README's commands run, its code map names what exists, options, exits and keys are told alike.

$PAL_BUILD is a build directory of this tree.
"""
import os
import re
import subprocess
import tempfile

import pal

TREE = pal.TREE
BUILD = os.environ["PAL_BUILD"]
NOT_RUN = ("tests/run",)  # it runs this


def text_of(*path):
    with open(os.path.join(TREE, *path), encoding="utf-8") as f:
        return f.read()


def output_of(*args):
    p = subprocess.run([pal.PROGRAM, *args], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return p.stdout


# README


def check_commands(t, readme):
    """Each line of a `sh` fence runs, in a folder that looks like the tree with its build directory."""
    with tempfile.TemporaryDirectory(prefix="pal-docs-") as folder:
        for name in os.listdir(TREE):
            if not name.startswith((".", "build", "results")):
                os.symlink(os.path.join(TREE, name), os.path.join(folder, name))
        os.symlink(BUILD, os.path.join(folder, "build"))
        for fence in re.findall(r"^```sh\n(.*?)^```$", readme, re.M | re.S):
            for command in fence.splitlines():
                if command in NOT_RUN:
                    t.check(os.access(os.path.join(TREE, command), os.X_OK), "%s cannot be run" % command)
                    continue
                p = subprocess.run(command, shell=True, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                                   text=True, timeout=300)
                # Of the captures in tests/corpus one or the other may be damaged.
                codes = (0, 1) if command.endswith("tests/corpus") else (0,)
                t.check(p.returncode in codes, "%s: exit code %d: %s" % (command, p.returncode, p.stderr[-2000:]))
        for name in sorted(re.findall(r"^\| `([a-z-]+\.json)` \|", readme, re.M)):
            t.check(os.path.getsize(os.path.join(folder, "results", "example", name)) > 0, "%s is empty" % name)


def check_links(t, *path):
    for link in re.findall(r"\]\(([^)]*)\)", text_of(*path)):
        t.check(os.path.exists(os.path.join(TREE, *path[:-1], link)), "%s: there is no %s" % ("/".join(path), link))


def check_code_map(t, readme):
    """Every path exists; every function() is defined or declared in the file named next to it, or somewhere."""
    section = readme[readme.index("## Code map") : readme.index("## Measure")]
    for path in re.findall(r"\]\(([^)]*)\)", readme):
        t.check(os.path.exists(os.path.join(TREE, path)), "README: there is no %s" % path)
    for path in re.findall(r"^\| `([a-z]+/)`", section, re.M):
        t.check(os.path.isdir(os.path.join(TREE, path)), "README: there is no %s" % path)
    sources = {}
    for top in ("app", "lib"):
        for folder, _, names in os.walk(os.path.join(TREE, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    path = os.path.relpath(os.path.join(folder, name), TREE)
                    sources[path] = text_of(path)

    def defines(path, name):
        return re.search(r"^[a-z][^;{}]*\b%s\([^;]*?\)\n{" % name, sources[path], re.M) is not None

    functions = sorted(set(re.findall(r"`(\w+)\(\)`", section)))
    t.check(len(functions) > 10, "README: no functions in the code map")
    for name in functions:
        t.check(any(defines(path, name) for path in sources), "README: no function %s()" % name)
    for name, path in re.findall(r"`(\w+)\(\)` in\s+\[[^\]]*\]\(([^)]*)\)", section):
        t.check(defines(path, name), "README: %s() is not in %s" % (name, path))


# options, exits, drops


def check_options(t):
    """Long options are those of args.c in --help and in the manual; short ones stand beside the same long ones."""
    args = text_of("app", "pcap-analyzer", "args.c")
    real = set(re.findall(r'^\t\{"([a-z-]+)", \w+_argument', args, re.M))
    short = dict(re.findall(r'^\t\{"([a-z-]+)", \w+_argument, NULL, \'(\w)\'\}', args, re.M))
    help_text = output_of("--help")
    manual = text_of("config", "pcap-analyzer.1.scd")
    t.check(len(real) > 20, "no options in args.c")
    t.equal(sorted(set(re.findall(r"(?<!\w)--([a-z][a-z-]*)", help_text))), sorted(real), "options in --help")
    options = manual[manual.index("# OPTIONS") : manual.index("# EXIT STATUS")]
    t.equal(sorted(set(re.findall(r"\*--([a-z][a-z-]*)\*", options))), sorted(real), "options in the manual")
    for name, letter in short.items():
        t.check(re.search(r"-%s, --%s\b" % (letter, name), help_text), "--help: not -%s, --%s" % (letter, name))
        t.check("*-%s*, *--%s*" % (letter, name) in manual, "manual: not -%s, --%s" % (letter, name))
    readme = text_of("README.md")
    for command in re.findall(r"^.*pcap-analyzer (-.*)$", readme, re.M):
        for letter in re.findall(r"(?<=\s)-(\w)\b", " " + command):
            t.check(letter in short.values() or letter == "l", "README: there is no -%s" % letter)
        for name in re.findall(r"(?<=\s)--([a-z-]+)", " " + command):
            t.check(name in real, "README: there is no --%s" % name)


def check_completion(t):
    """What bash offers is what the program knows."""
    if pal.program("bash") is None:
        return

    def offered(*words):
        script = "source %s; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _pcap_analyzer; printf '%%s\\n' \"${COMPREPLY[@]}\""
        p = subprocess.run(
            ["bash", "-c", script % os.path.join(TREE, "config", "pcap-analyzer.bash"), "bash", pal.PROGRAM, *words],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        return set(p.stdout.split())

    args = text_of("app", "pcap-analyzer", "args.c")
    t.equal(offered("--"), {"--" + name for name in re.findall(r'^\t\{"([a-z-]+)", \w+_argument', args, re.M)}, "completion of --")
    keys = assignments(output_of("--dump-config"))
    t.equal(offered("--set", "flow."), {key + "=" for key in keys if key.startswith("flow.")}, "completion of --set")
    t.equal(offered("-p", "flo"), {"flows"}, "completion of -p")
    t.equal(offered("-k", ""), {"none", "all"}, "completion of -k")
    t.check("lo" in offered("-i", "l"), "completion of -i")


def check_exits(t, readme):
    """The same codes everywhere; and the program gives them."""
    header = text_of("app", "pcap-analyzer", "app.h")
    codes = set(re.findall(r"^\tAPP_EXIT_\w+ = (\d)", header, re.M))
    manual = text_of("config", "pcap-analyzer.1.scd")
    manual = manual[manual.index("# EXIT STATUS") : manual.index("# SIGNALS")]
    exits = output_of("--help").split("Exit:")[1]
    t.equal(set(re.findall(r"^\*(\d)\*$", manual, re.M)), codes, "exit codes in the manual")
    t.equal(set(re.findall(r"^\| (\d) \|", readme, re.M)), codes, "exit codes in README")
    t.equal(set(re.findall(r"(?:^|;)\s*(\d) ", exits)), codes, "exit codes in --help")

    good = os.path.join(pal.SMALL, "mpeg.pcap")
    with open(good, "rb") as f:
        cut = pal.write_file("cut.pcap", f.read()[:-7])
    t.healthy(pal.run(good), "a good file", (0,))
    t.healthy(pal.run(good, "--strict"), "a good file, --strict", (0,))
    t.healthy(pal.run([cut]), "a file that is cut off", (1,))
    t.healthy(pal.run(["/no/such.pcap"]), "no such file", (1,))
    for bad in (["--no-such"], ["-f", "tcp and"], ["-p", "no-such"], ["--set", "threads.worker=1"], ["-k", "some"],
                ["-c", "/no/such.ini"], ["-i", "lo"], ["-j", "many"], ["--color=sometimes"], ["-F", "/no/such"]):
        t.healthy(pal.run(good, *bad), " ".join(bad), (2,))
    t.healthy(pal.run([]), "nothing to read", (2,))
    t.healthy(pal.run([], "-i", "no-such0"), "no such interface", (3,))
    t.healthy(pal.run(good, outdir="/proc/no-such"), "a folder that cannot be made", (3,))


def check_drops(t):
    """The manual's table of exits is pal_drop.def."""
    listed = re.findall(r'^PAL_DROP\(\w+, (\w+), "(\w+)", "(.*)"\)$', text_of("lib", "pkt", "pal_drop.def"), re.M)
    want = [(name, stage.lower(), text) for stage, name, text in listed]
    rows = re.findall(r"^\|  \*(\w+)\*\n:  (\w+)\n:  (.*)$", text_of("config", "pcap-analyzer.1.scd"), re.M)
    got = [(name, stage, text.replace("\\", "")) for name, stage, text in rows]
    t.check(want, "no exits in pal_drop.def")
    t.equal(got, want, "exits in the manual")


# settings


def assignments(ini):
    """{section.key: (value, comment above)} of an INI text."""
    found, section, comment = {}, "", ""
    for line in ini.splitlines():
        if line.startswith("["):
            section, comment = line.strip("[]"), ""
        elif line.startswith("#"):
            comment += line[1:]
        elif "=" in line:
            key, value = (part.strip() for part in line.split("=", 1))
            found[section + "." + key] = (value, comment.strip())
            comment = ""
        else:
            comment = ""
    return found


def check_settings(t):
    """pal.ini has every key of the program and of its plugins and no other, with default, comment and true limits."""
    path = os.path.join(TREE, "config", "pal.ini")
    shown = assignments(text_of("config", "pal.ini"))
    built_in = {key: value for key, (value, _) in assignments(output_of("--dump-config")).items()}
    plugins = dict(re.findall(r"^ +(plugin\.\S+) = (.*?)  \(", output_of("--list-plugins"), re.M))
    t.check(built_in and plugins, "no keys in --dump-config or --list-plugins")
    t.equal({key: value for key, (value, _) in shown.items()}, {**plugins, **built_in}, "keys in pal.ini")
    limits = {"%s.%s" % (section, key): (low, high) for section, key, low, high in re.findall(
        r'^PAL_CONF\("(\w+)", "([\w-]+)", U32, .*?, "\d+", (\d+), (\d+),', text_of("lib", "conf", "conf_keys.def"), re.M)}
    for key, (_, comment) in shown.items():
        t.check(len(comment) > 10, "pal.ini: %s has no comment" % key)
        stated = re.search(r"\b(\d+) to (\d+)\b", comment)
        if stated and key in limits:
            low, high = limits[key]
            # Where 0 means auto the least of the others may be told.
            t.check(stated[2] == high and (stated[1] == low or low == "0"), "pal.ini: limits of %s" % key)
    good = os.path.join(pal.SMALL, "mpeg.pcap")
    t.healthy(pal.run([], "-c", path, "-T"), "-T of pal.ini")
    a, b = pal.run(good), pal.run(good, "-c", path)
    t.healthy(a, "without a file")
    t.healthy(b, "with pal.ini")
    for name in ("flows.json", "basic-stats.json", "community-ids.json"):
        with open(a.path(name), "rb") as f, open(b.path(name), "rb") as g:
            t.check(f.read() == g.read(), "%s is another one with pal.ini" % name)


def check_origins(t):
    """Errors name file and line or the option, and suggest."""
    for ini, say in (
        ("[plugin.flows]\njsn = no\n", ":2: plugin flows has no key jsn. Did you mean json?"),
        ("[plugin.flow]\njson = no\n", ":2: no plugin is called flow. Did you mean flows?"),
        ("[threads]\nworker = 1\n", ":2: unknown key threads.worker. Did you mean threads.workers?"),
        ("[thread]\nworkers = 1\n", ":1: unknown section [thread]. Did you mean [threads]?"),
    ):
        path = pal.write_file("bad.ini", ini.encode())
        r = pal.run([], "-c", path, "-T")
        t.healthy(r, say, (2,))
        t.check(path + say in r.stderr.decode(), "not said: %s, but: %s" % (say, r.stderr.decode()))
    r = pal.run([], "--set", "plugin.flows.jsn=no", "-T")
    t.check(b"--set: plugin flows has no key jsn. Did you mean json?" in r.stderr, "--set of a plugin key")
    path = pal.write_file("good.ini", b"[threads]\nworkers = 2\ninbox = 128\n")
    dump = output_of("-c", path, "--set", "threads.inbox=256", "-j", "3", "--dump-config")
    t.check("(-j)\nworkers = 3\n" in dump, "origin of -j")
    t.check("(--set)\ninbox = 256\n" in dump, "origin of --set")
    dump = output_of("-c", path, "--dump-config")
    t.check("(%s:2)\nworkers = 2\n" % path in dump, "origin of a line of the file")


def main():
    t = pal.Test()
    readme = text_of("README.md")
    check_commands(t, readme)
    check_commands(t, text_of("plugins", "README.md"))
    check_links(t, "plugins", "README.md")
    check_code_map(t, readme)
    check_options(t)
    check_completion(t)
    check_exits(t, readme)
    check_drops(t)
    check_settings(t)
    check_origins(t)
    return t.done()


if __name__ == "__main__":
    raise SystemExit(main())
