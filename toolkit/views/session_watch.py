"""`tasks --watch`: a table that stays in its place on a terminal, else one line for each change."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING

from toolkit.model.session_change import ChangeKind
from toolkit.views.sessions import COLUMNS, cells, row, short, shown_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toolkit.console import Console
    from toolkit.model.session_change import Frame, SessionChange


def show_watch(console: Console, frames: Iterable[Frame]) -> None:
    """To the end of the frames, or until the user has seen enough."""
    if sys.stdout.isatty() and not console.as_json:
        console.live_table(COLUMNS, ([cells(one) for one in frame.sessions] for frame in frames))
        return
    tell = _document if console.as_json else _line
    for frame in frames:
        for change in frame.changes:
            console.line(tell(change))
        sys.stdout.flush()


def _document(change: SessionChange) -> str:
    return json.dumps({"version": 1, "change": change.kind, "session": row(change.session)}, ensure_ascii=False)


def _line(change: SessionChange) -> str:
    one = change.session
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    state = ChangeKind.REMOVED.value if change.kind is ChangeKind.REMOVED else shown_state(one)
    return f"{now} {one.id} {state} {one.environment} {short(one.task)}".rstrip()
