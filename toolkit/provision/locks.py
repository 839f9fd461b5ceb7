"""Who holds a stack's lock in Pulumi's file backend, and which locks are nobody's any more.

Pulumi writes process and host into a lock, and never looks whether that process is still there.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.model.event import Event, OnEvent, Phase

if TYPE_CHECKING:
    from toolkit.provision.place import StackPlace

CLIENT_VARIABLE = "TOOLKIT_CLIENT"
"""In Pulumi's environment: which process of ours started it, as `identity` names it."""
ENDING_SECONDS = 60.0
"""After one SIGINT Pulumi lets running steps end, writes its state and gives the lock back; then it is ended."""
_MORE_SECONDS = 15.0
_RETRY_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock of the file backend: the process that took it, and the file."""

    path: Path
    pid: int
    user: str
    host: str
    since: str

    @property
    def is_here(self) -> bool:
        """Held by a process of this machine: another host's lock is never judged."""
        return self.host == socket.gethostname() and self.pid > 0

    @property
    def is_stale(self) -> bool:
        """Its process is gone."""
        return self.is_here and not _is_alive(self.pid)

    @property
    def is_abandoned(self) -> bool:
        """Its process lives, but the toolkit that started it does not: it has been told to end."""
        if not self.is_here or self.is_stale:
            return False
        client = _variable(self.pid, CLIENT_VARIABLE)
        return bool(client) and identity(int(client.partition(" ")[0])) != client

    def __str__(self) -> str:
        since = f" since {self.since}" if self.since else ""
        return f"process {self.pid} of {self.user} on {self.host}{since}"


def identity(pid: int) -> str:
    """A process so named that another one with its number later is not taken for it; empty where there is none.

    Outside of Linux always empty: no lock is then called abandoned.
    """
    fields = _stat(pid)
    return f"{pid} {fields[19]}" if fields and fields[0] != "Z" else ""


def locks(place: StackPlace) -> tuple[Lock, ...]:
    """Every lock of the stack that can be read; none where the backend is no folder of this machine."""
    if place.backend is None:
        return ()
    folder = place.backend / ".pulumi" / "locks" / "organization" / place.project / place.name
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            body = json.loads(path.read_bytes())
            found.append(
                Lock(
                    path=path,
                    pid=int(body["pid"]),
                    user=str(body.get("username", "")),
                    host=str(body.get("hostname", "")),
                    since=str(body.get("timestamp", "")),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def drop_stale(place: StackPlace) -> tuple[Lock, ...]:
    """Remove the locks of processes that are gone; returns them. A live one is never touched."""
    stale = tuple(one for one in locks(place) if one.is_stale)
    for one in stale:
        one.path.unlink(missing_ok=True)
    return stale


def settle(place: StackPlace, on_event: OnEvent) -> None:
    """Remove what dead processes left, and wait for a Pulumi whose toolkit was killed: it is about to end."""
    drop_stale(place)
    until = time.monotonic() + ENDING_SECONDS + _MORE_SECONDS
    told = False
    while abandoned := [one for one in locks(place) if one.is_abandoned]:
        if not told:
            text = f"an earlier call was killed; waiting until its Pulumi ends ({abandoned[0]})"
            on_event(Event(step="lock", phase=Phase.NOTE, text=text))
            told = True
        if time.monotonic() > until:
            raise ToolkitError(
                f"stack '{place.name}' is held by a Pulumi that does not end: {abandoned[0]}",
                hint=f"kill {abandoned[0].pid}, then try again",
                code="locked",
            )
        time.sleep(_RETRY_SECONDS)
        drop_stale(place)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    fields = _stat(pid)
    return not fields or fields[0] != "Z"


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third (the state) on; empty where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _variable(pid: int, name: str) -> str:
    """From the environment that a process began with; empty where that can't be read."""
    try:
        content = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return ""
    found = [one for one in content.split(b"\0") if one.startswith(f"{name}=".encode())]
    return found[0].partition(b"=")[2].decode(errors="replace") if found else ""
