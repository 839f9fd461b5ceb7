"""The limits that a session ran into: memory, processes, disk, told apart by what the kernel counts.

Paths of cgroups in both versions, as a container sees its own.
"""

from __future__ import annotations

import errno
import os
import tempfile
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_KILLS = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
_REFUSED = ("/sys/fs/cgroup/pids.events", "/sys/fs/cgroup/pids/pids.events")
_PROCESSES = ("/sys/fs/cgroup/pids.current", "/sys/fs/cgroup/pids/pids.current")
_LIMIT = ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max")
_LITTLE_BYTES = 1 << 20
_TICK_SECONDS = 0.5
_NEARLY = 0.9
_TICKS = 6
_MERCY_TICKS = 4


class Counts:
    """How often the kernel killed for want of memory, up to now."""

    def __init__(self) -> None:
        self._before = killed_for_memory()

    def reason(self, folder: str) -> str:
        """The limit that this turn ran into, if any; only for a turn that has failed."""
        if killed_for_memory() > self._before:
            return "out of memory: resources.memory is too small for it"
        if disk_is_full(folder):
            return "the disk is full"
        return ""


def killed_for_memory() -> int:
    return _count(_KILLS, "oom_kill")


def disk_is_full(folder: str) -> bool:
    """Whether a little more finds no room: a quota on the session's own part of a disk shows in no other way."""
    try:
        about = os.statvfs(folder)
        if about.f_bavail * about.f_frsize < _LITTLE_BYTES or about.f_favail == 0 < about.f_files:
            return True
        with tempfile.TemporaryFile(dir=folder) as tried:
            tried.write(bytes(_LITTLE_BYTES))
    except OSError as error:
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    return False


class Watch:
    """Ends what has used up the session's processes for some seconds: such a thing never ends by itself.

    `end_turn` gets the reason; where that does not help, `end_session` does. Its thread exists from the start, since
    none could be had when it is needed.
    """

    def __init__(self, end_turn: Callable[[str], None], end_session: Callable[[str], None]) -> None:
        self._end_turn = end_turn
        self._end_session = end_session
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        full = 0
        refused = _count(_REFUSED, "max")
        while True:
            time.sleep(_TICK_SECONDS)
            limit = _number(_LIMIT)
            if not limit or _number(_PROCESSES) < limit * _NEARLY:
                full, refused = 0, _count(_REFUSED, "max")
                continue
            full += 1
            if full >= _TICKS and _count(_REFUSED, "max") > refused:
                reason = f"too many processes: resources.pids is {limit}"
                (self._end_turn if full < _TICKS + _MERCY_TICKS else self._end_session)(reason)


def _count(files: Sequence[str], key: str) -> int:
    for path in files:
        try:
            with open(path, encoding="ascii") as file:
                words = dict(line.split()[:2] for line in file if line.strip())
            return int(words.get(key, 0))
        except (OSError, ValueError):
            continue
    return 0


def _number(files: Sequence[str]) -> int:
    """0 where there is none, or `max`."""
    for path in files:
        try:
            with open(path, encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            continue
    return 0
