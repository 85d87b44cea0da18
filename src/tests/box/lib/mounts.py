#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts.py INIT [PID]...: what these processes have mounted, in words that stay the same when a
container is restored: of each mount its process (0: INIT), place, what it shows, type, options,
and with which it shares what is mounted on it. The order of mounts is left out, as are the
numbers of filesystems. What terminals show is told by their device."""
import re
import sys

TERMINAL = re.compile(r"/dev/(console|tty\d+)")


def mounts(number, pid):
    for line in open("/proc/%s/mountinfo" % pid):
        words = line.split()
        dash = words.index("-")
        groups = dict(w.split(":") for w in words[6:dash] if ":" in w)
        yield {"who": (number, words[4]), "dev": words[2], "root": words[3],
               "target": words[4], "options": words[5], "groups": groups, "type": words[dash + 1]}


def shows(m):
    for t in everything:
        if t["who"][0] == 0 and TERMINAL.fullmatch(t["target"]) and (t["dev"], t["root"]) == (m["dev"], m["root"]):
            return "the terminal " + t["target"]
    root = m["root"]
    return root[len(root_of[m["dev"]]):] if m["dev"] in root_of else root


everything = [m for i, pid in enumerate(sys.argv[1:]) for m in mounts(i, pid)]
root_of = {m["dev"]: m["root"] for m in everything if m["who"] == (0, "/")}
members = {}
for m in everything:
    if "shared" in m["groups"]:
        members.setdefault(m["groups"]["shared"], []).append(m["who"])


def group(number):
    return "%d:%s" % min(members[number]) if number in members else "outside"


lines = []
for m in everything:
    sharing = ["%s=%s" % (k, group(v)) for k, v in sorted(m["groups"].items()) if k in ("shared", "master")]
    if len(sharing) == 1 and sharing[0].startswith("shared=") and len(members[m["groups"]["shared"]]) == 1:
        sharing = ["shared"]
    options = re.sub(r",?(nosuid|noexec|relatime)", "", m["options"]) if m["type"] == "devpts" else m["options"]
    lines.append(" ".join(["%d %s" % m["who"], shows(m), m["type"], options] + sharing))
print("\n".join(sorted(lines)))
