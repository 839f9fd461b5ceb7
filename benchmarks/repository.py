"""A repository with a long history: the checkout inside a warm session beside `git clone` by hand, in time and on disk.

A peer on documentation addresses serves it by git's own protocol. By hand it is cloned in a plain container beside the
peer; inside, the session's runner makes another checkout in the way that it made the first, with the same gateway and
the same mirror. On disk counts all that a session adds before its agent writes: working tree, git folder and the
gateway's repository; the mirror counts for all sessions of a remote together and is left out.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from grounds import built, peer

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.sessions import ends

if TYPE_CHECKING:
    from grounds import Peer, Root

ROUNDS = 5
COMMITS = 2_000
FILE_BYTES = 100_000  # what each commit rewrites: bytes that nothing can pack
FILES = 20
TEXTS = 100
_URL = "git://{}/shop.git"

SERVER = f"""
import os, subprocess, sys
subprocess.run(["git", "init", "-q", "--bare", "-b", "main", "/srv/shop.git"], check=True)
importing = subprocess.Popen(["git", "-C", "/srv/shop.git", "fast-import", "--quiet"], stdin=subprocess.PIPE)
say = importing.stdin.write
for number in range({COMMITS}):
    say(b"commit refs/heads/main\\ncommitter B <b@example.com> %d +0000\\ndata 4\\nwork\\n" % (1700000000 + number))
    for one in range({TEXTS}) if number == 0 else ():
        say(b"M 644 inline text/%d.txt\\ndata 250\\n%s\\n" % (one, b"line\\n" * 50))
    say(b"M 644 inline file%d.bin\\ndata {FILE_BYTES}\\n%s\\n" % (number % {FILES}, os.urandom({FILE_BYTES})))
importing.stdin.close()
assert importing.wait() == 0
print("ready", flush=True)
os.execvp("git", ["git", "daemon", "--export-all", "--base-path=/srv", "--reuseaddr"])
"""
CLONE = """
import subprocess, sys, time
began = time.perf_counter()
subprocess.run(["git", "clone", "-q", sys.argv[1], "/tmp/clone"], check=True)
print(time.perf_counter() - began)
"""
CHECK_OUT = """
import json, os, shutil, sys, time
sys.path.insert(0, "/opt/toolkit")
from runner import repository
order = json.load(open("/var/lib/toolkit/session.json"))
began = time.perf_counter()
repository.check_out(order["repository"], "/tmp/again/shop", order["id"])
print(time.perf_counter() - began)
shutil.rmtree("/tmp/again")
"""


def rows(toolkit: tuple[str, ...]) -> list[list[str]]:
    """`toolkit` is how to start it, without a root. Each row: what, beside, median ratio, spread, goal."""
    with (
        tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch,
        built(Path(scratch), toolkit, stack="bench-repository", environments={"default": {"access": "none"}}) as root,
        peer(root.images["default"], SERVER, seconds=300) as outside,
    ):
        root.leave_by(f"{{network: {outside.network}}}")
        session = root.start("--repo", _URL.format(outside.address))
        try:
            return _measured(outside, root, session)
        finally:
            ends.discard(connect(), session)


def _measured(outside: Peer, root: Root, session: str) -> list[list[str]]:
    def inside(*words: str) -> str:
        return root.run("exec", session, "--", *words)

    times = []
    for _ in range(ROUNDS):
        theirs = float(outside.ask("python3", "-c", CLONE, _URL.format(outside.address)))
        full = _kilobytes(outside.ask("du", "-sk", "/tmp/clone"))
        outside.ask("rm", "-rf", "/tmp/clone")
        times.append(float(inside("python3", "-c", CHECK_OUT)) / theirs)
    engine = connect()
    gateway = engine.containers(labels={labels.SESSION: session, labels.KIND: labels.GIT_GATEWAY_KIND})[0].id
    words = ("du", "-sk", "/gateway/repository.git")
    behind = engine.execute(gateway, words, environment={}, timeout=60).stdout.decode()
    added = (_kilobytes(inside("du", "-sk", ".")) + _kilobytes(behind)) / full
    size = COMMITS * FILE_BYTES // 1_000_000
    return [
        [
            f"checkout inside a warm session, {size} MB of history",
            "git clone by hand",
            f"{statistics.median(times):.2f}",
            f"{min(times):.2f} … {max(times):.2f}",
            "≤ 0.3",
        ],
        ["disk that a session adds, the same repository", "git clone by hand", f"{added:.3f}", "–", "≤ 0.02"],
    ]


def _kilobytes(told: str) -> int:
    return int(told.split(maxsplit=1)[0])


if __name__ == "__main__":
    for row in rows((sys.executable, "-m", "toolkit")):
        sys.stdout.write("  ".join(row) + "\n")
