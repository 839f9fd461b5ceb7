"""A git gateway of its own process on loopback, the way that its container starts it, against real git."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.git import git
from toolkit import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "a-token-of-the-test"
SESSION = "calm-otter-3f9a"
BRANCH = f"session/{SESSION}"
GITCONFIG = "[safe]\n\tdirectory = *\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningGate:
    """`url` is the repository as the session sees it; `bare` is the gateway's own."""

    folder: Path
    port: int
    token: str = TOKEN
    name: str = "shop"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self.name}.git"

    @property
    def bare(self) -> Path:
        return self.folder / "repository.git"

    @property
    def header(self) -> str:
        return "Authorization: Basic " + base64.b64encode(f"session:{self.token}".encode()).decode()

    def clone(self, target: Path) -> Path:
        """As a session has it: its own branch, and the token in its configuration."""
        words = ("clone", "-q", "-c", f"http.extraHeader={self.header}", self.url, str(target))
        subprocess.run(["git", *words], check=True, capture_output=True, text=True)
        git(target, "config", "user.name", "S")
        git(target, "config", "user.email", "s@example.com")
        git(target, "checkout", "-q", "-b", BRANCH)
        return target


def push(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`git push origin …`, with whatever it says."""
    argv = ["git", "-C", str(folder), "push", "origin", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)


def commit(folder: Path, text: str) -> str:
    """A commit of its own on what is checked out; returns its id."""
    (folder / f"{text}.txt").write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD")


@contextmanager
def gate(folder: Path, *, upstream: str = "", config: str = "", **order: Any) -> Iterator[RunningGate]:
    """Start it in `folder`, wait until it listens, end it; `order` overrides what `order.json` says."""
    lay_out(folder, upstream=upstream, config=config, **order)
    child, found = started(folder)
    try:
        yield found
    finally:
        ended(child)


def lay_out(folder: Path, *, upstream: str = "", config: str = "", **order: Any) -> None:
    """The folder of a gateway that has not started yet."""
    folder.mkdir(parents=True, exist_ok=True)
    mirror = folder / "mirror" if upstream else None
    if mirror is not None:
        mirror.mkdir(exist_ok=True)
    body = {
        "session": SESSION,
        "session_address": "",
        "user": None,
        "listen": ["127.0.0.1", 0],
        "token": TOKEN,
        "name": "shop",
        "branch": BRANCH,
        "push": {"branches": ["session"], "tags": False},
        "upstream": upstream,
        "shown": upstream or "the gateway",
        "mirror": str(mirror or ""),
        "bundle": "",
        "start": "",
        "default": "main",
        **order,
    }
    (folder / "order.json").write_text(json.dumps(body))
    (folder / "gitconfig").write_text(GITCONFIG + config)


def started(folder: Path) -> tuple[subprocess.Popen[str], RunningGate]:
    """A process group of its own, once it listens."""
    argv = [sys.executable, "-I", str(paths.gateways_source()), "git", str(folder)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert child.stdout is not None
    port = json.loads(child.stdout.readline())["port"]
    return child, RunningGate(folder=folder, port=port)


def ended(child: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    """End a gateway; SIGKILL takes its programs along, as the end of its container does."""
    with child:
        os.killpg(child.pid, number)
