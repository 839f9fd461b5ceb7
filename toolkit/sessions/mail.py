"""Turns for a session whose container has not started yet: its runner finds them in its inbox (`runner/inbox.py`)."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from toolkit.sessions.parcel import packed
from toolkit.sessions.plan import STATE_FOLDER

if TYPE_CHECKING:
    from toolkit.engines.base import Engine


def leave(engine: Engine, container: str, text: str) -> None:
    """Queue one turn; those of several clients come in the order of their clocks."""
    name = f"{time.time_ns():020d}-{os.getpid()}"
    content = text.encode("utf-8", errors="surrogateescape")
    engine.put_archive_stream(container, "/", packed({f"{STATE_FOLDER}/inbox/{name}": content}))
