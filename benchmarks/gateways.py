"""What gateways cost: a session's start beside `docker run` and `git clone` by hand, and memory with forty at once.

A start is measured to the first command: by hand from the clone's beginning to the container's own command, with us
from the client's start to the agent's first turn, in the order by hand, ours, ours, by hand. The remote is a folder of
this machine that both reach by git's own protocol, without any network's delay. Sessions are at `custom`, each with its
own network and both gateways, and start warm: the image is there, and the remote's mirror.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from grounds import built

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.sessions import mirrors

if TYPE_CHECKING:
    from grounds import Root

ROUNDS = 5
SESSIONS = 40
AT_ONCE = 4
SMALL, LARGE = (200, 1), (4_000, 120)  # files, commits
_BYTES = 8_000  # of a file that a commit changes; random, as history is once it is packed
_CHANGED = 100  # files a commit
_UNITS = {"B": 1 / (1 << 20), "KiB": 1 / (1 << 10), "MiB": 1, "GiB": 1 << 10}


def rows(toolkit: tuple[str, ...]) -> list[list[str]]:
    """Each row: what, beside, median, spread, goal."""
    custom = {"access": "custom", "allow": ["bench.example.com"]}
    with (
        tempfile.TemporaryDirectory(prefix="toolkit-bench-") as folder,
        built(Path(folder), toolkit, stack="bench-gateways", environments={"custom": custom}) as root,
    ):
        scratch = Path(folder)
        small, large = (_checkout(scratch / name, *size) for name, size in (("small", SMALL), ("large", LARGE)))
        try:
            return [
                _start_row(root, small, f"{SMALL[0]} files"),
                _start_row(root, large, f"{LARGE[0]} files, {_megabytes(large)} MB"),
                *_memory_rows(root, small),
            ]
        finally:
            mirrors.remove_unused(connect())


def _start_row(root: Root, work: Path, what: str) -> list[str]:
    _ours(root, work)  # the first fills the mirror
    ratios = []
    for _ in range(ROUNDS):
        theirs, ours = _by_hand(root, work), _ours(root, work)
        ours, theirs = ours + _ours(root, work), theirs + _by_hand(root, work)
        ratios.append(ours / theirs)
    name = f"session with its gateways, to the first command; {what}"
    return _cells(name, "git clone, docker run", ratios, "≤ 1.0", digits=2)


def _by_hand(root: Root, work: Path) -> float:
    clone = work.parent / "clone"
    began = time.time()
    _run("git", "clone", "-q", f"file://{_remote(work)}", str(clone), cwd=work)
    words = ("docker", "run", "--rm", "-v", f"{clone}:/workspace/shop", root.images["custom"], "date", "+%s.%N")
    ended = float(_run(*words, cwd=work))
    shutil.rmtree(clone)
    return ended - began


def _ours(root: Root, work: Path) -> float:
    began = time.time()
    session = root.start("--env", "custom", cwd=work)
    events = [json.loads(line) for line in root.run("logs", session, "--json", cwd=work).splitlines()]
    told = next(one["time"] for one in events if one["type"] == "turn-started")
    root.run("rm", session, "--yes", "--force", cwd=work)
    return dt.datetime.fromisoformat(told).timestamp() - began


def _memory_rows(root: Root, work: Path) -> list[list[str]]:
    """By the engine's own figures, every session being idle: its runner is what is left in it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        sessions = list(pool.map(lambda _: root.start("--env", "custom", cwd=work), range(SESSIONS)))
        try:
            used = _memory(sessions)
        finally:
            list(pool.map(lambda one: root.run("rm", one, "--yes", "--force", cwd=work), sessions))
    gateways = [used[one, labels.GATEWAY_KIND] for one in sessions]
    whole = [sum(found for (session, _), found in used.items() if session == one) for one in sessions]
    at_once = f"{SESSIONS} sessions at once"
    return [
        _cells(f"MiB of an egress gateway, {at_once}", "–", gateways, "≤ 20", digits=1),
        _cells(f"MiB of both gateways and the runner, {at_once}", "–", whole, "≤ 40", digits=1),
    ]


def _memory(sessions: list[str]) -> dict[tuple[str, str], float]:
    """(session, kind of container) → MiB; raises where one of them does not run."""
    found = connect().containers(labels={labels.SESSION: ""})
    ours = {one.id: one.labels for one in found if one.labels[labels.SESSION] in sessions and one.status == "running"}
    if len(ours) != 3 * len(sessions):
        raise RuntimeError(f"{len(ours)} containers run for {len(sessions)} sessions, each of which has three")
    words = ("docker", "stats", "--no-stream", "--no-trunc", "--format", "{{.ID}} {{.MemUsage}}", *ours)
    told = [line.split() for line in _run(*words, cwd=Path.cwd()).splitlines()]
    return {(ours[one[0]][labels.SESSION], ours[one[0]][labels.KIND]): _mebibytes(one[1]) for one in told}


def _mebibytes(text: str) -> float:
    match = re.fullmatch(r"([0-9.]+)([A-Za-z]+)", text)
    assert match
    return float(match[1]) * _UNITS[match[2]]


def _checkout(folder: Path, files: int, commits: int) -> Path:
    """A clone, in `folder`, of a remote beside it."""
    folder.mkdir()
    remote = folder / "shop.git"
    _run("git", "init", "-q", "--bare", "-b", "main", str(remote), cwd=folder)
    subprocess.run(["git", "-C", str(remote), "fast-import", "--quiet"], input=_history(files, commits), check=True)
    _run("git", "clone", "-q", str(remote), str(folder / "shop"), cwd=folder)
    return folder / "shop"


def _remote(work: Path) -> Path:
    return work.parent / "shop.git"


def _megabytes(work: Path) -> int:
    """Of the remote."""
    return round(sum(one.stat().st_size for one in _remote(work).rglob("*") if one.is_file()) / 1e6)


def _history(files: int, commits: int) -> bytes:
    """For git-fast-import(1): all files, then commits that change some of them."""
    made = [_commit(0, dict.fromkeys(range(files), b"line\n" * 50))]
    for number in range(1, commits):
        changed = ((number * _CHANGED + index) % files for index in range(_CHANGED))
        made.append(_commit(number, {one: os.urandom(_BYTES) for one in changed}))
    return b"".join(made)


def _commit(number: int, files: dict[int, bytes]) -> bytes:
    head = f"commit refs/heads/main\ncommitter Bench <bench@example.com> {1_700_000_000 + number} +0000\ndata 1\nx\n"
    return head.encode() + b"".join(
        f"M 100644 inline d{index % 40}/f{index}\ndata {len(text)}\n".encode() + text + b"\n"
        for index, text in files.items()
    )


def _cells(name: str, yardstick: str, found: list[float], goal: str, *, digits: int) -> list[str]:
    spread = f"{min(found):.{digits}f} … {max(found):.{digits}f}"
    return [name, yardstick, f"{statistics.median(found):.{digits}f}", spread, goal]


def _run(*argv: str, cwd: Path) -> str:
    return subprocess.run(argv, cwd=cwd, check=True, capture_output=True, text=True, timeout=600).stdout
