"""`state.json`: where the session is, for those inside and for its next start.

Replaced atomically while the disk has room. Clients read the same from the events on the container's log, which costs
the engine far less.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from . import clock

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
_SIZE = 4096
_PUBLIC = ("state", "exit_code", "turns", "started", "finished", "reason")


class State:
    """The fields of the file; `update` changes some and writes all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fields: dict[str, Any] = {
            "version": VERSION,
            "state": "preparing",
            "exit_code": None,
            "turns": 0,
            "started": "",
            "finished": "",
            "reason": "",
            "prepared": False,
            "events": 0,
            "agent_session": "",
        }
        with contextlib.suppress(OSError, ValueError):
            self.fields.update(json.loads(path.read_text(encoding="utf-8")))

    @property
    def public(self) -> dict[str, Any]:
        """What clients want to know of it."""
        return {name: self.fields[name] for name in _PUBLIC}

    def update(self, **changes: object) -> None:
        self.fields.update(changes, updated=clock.now())
        text = json.dumps(self.fields).ljust(_SIZE)
        staged = self._path.with_suffix(".new")
        try:
            staged.write_text(text, encoding="ascii")
            os.replace(staged, self._path)
        except OSError:
            # A full disk. The file has its size from the start, so that writing over it needs no new space.
            with contextlib.suppress(OSError), open(self._path, "r+", encoding="ascii") as file:
                file.write(text)
