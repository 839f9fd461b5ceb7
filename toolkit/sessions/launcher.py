"""Who is making a session right now: written on what is made, so that leftovers of a dead client are told apart."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def mark() -> str:
    """`host:pid:start`: `start` is the process's start time in clock ticks, since process ids come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def is_gone(launcher: str) -> bool:
    """True only when that process ran on this host and does not any more."""
    host, pid, start = (*launcher.split(":"), "", "")[:3]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    return _started(int(pid)) != start


def _started(pid: int) -> str:
    try:
        text = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "" if _PROC.is_dir() else _answers(pid)
    return text.rpartition(")")[2].split()[19]  # after the name, which may hold anything: field 22 of proc(5)


def _answers(pid: int) -> str:
    """Without /proc: the id alone has to do."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return "gone"
    except PermissionError:
        return ""
    return ""
