"""The session's events: one JSON object a line, in the file and on stdout.

stdout is the container's log, which any client of the engine can follow, also after the session has ended;
the file is for hooks and agents inside. The event types stand in schemas/transcript.schema.json.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from typing import TYPE_CHECKING

from . import clock

if TYPE_CHECKING:
    from pathlib import Path


class Transcript:
    """`path` None: the events go to stdout alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, kind: str, turn: int, **fields: object) -> None:
        event = {"time": clock.now(), "type": kind, "turn": turn, **fields}
        # ASCII only: whatever bytes a tool printed, a line stays a line
        line = json.dumps(event) + "\n"
        with self._lock:
            # a full disk must not end the session: the log on stdout is not on the session's disk
            if self._path is not None:
                with contextlib.suppress(OSError), open(self._path, "a", encoding="ascii") as file:
                    file.write(line)
            with contextlib.suppress(OSError):
                sys.stdout.write(line)
                sys.stdout.flush()
