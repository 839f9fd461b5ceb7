"""`state.json`: where the session is, for every client that asks. Replaced atomically, never half written."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

from . import clock

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1


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
        }
        with contextlib.suppress(OSError, ValueError):
            self.fields.update(json.loads(path.read_text(encoding="utf-8")))

    def update(self, **changes: object) -> None:
        self.fields.update(changes, updated=clock.now())
        staged = self._path.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk: the transcript still says what happened
            with open(staged, "w", encoding="utf-8") as file:
                json.dump(self.fields, file)
            os.replace(staged, self._path)
