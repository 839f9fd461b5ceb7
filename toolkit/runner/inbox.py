"""Turns that wait: one file each, taken in the order in which they came."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FIRST = "0" * 20
"""The name of the session's own task: before all that was sent meanwhile, and the same if it is put twice."""


_TAKEN_SECONDS = 1.0


def send(folder: Path, text: str) -> None:
    """Queue one turn, and give a runner at rest the time to take it: who waits for the turn next must not find it at
    rest still. One that is at work takes it later.
    """
    name = put(folder, text)
    deadline = time.monotonic() + _TAKEN_SECONDS
    while (folder / "inbox" / name).exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def put(folder: Path, text: str, *, name: str = "") -> str:
    """Queue one turn and return its name; the file appears whole or not at all."""
    box = folder / "inbox"
    box.mkdir(exist_ok=True)
    name = name or f"{time.time_ns():020d}-{os.getpid()}"
    staged = box / f".{name}"
    staged.write_text(text, encoding="utf-8", errors="surrogateescape")
    os.replace(staged, box / name)
    return name


def waiting(folder: Path) -> list[Path]:
    """The files of the waiting turns, oldest first."""
    box = folder / "inbox"
    return sorted(entry for entry in box.iterdir() if not entry.name.startswith(".")) if box.is_dir() else []


def take(folder: Path) -> str | None:
    """The oldest waiting text, removed from the box; None when none waits."""
    files = waiting(folder)
    if not files:
        return None
    text = files[0].read_text(encoding="utf-8", errors="surrogateescape")
    files[0].unlink()
    return text
