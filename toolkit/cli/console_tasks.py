"""The list of sessions in `toolkit console`: it stays up to date, arrow keys choose, a letter acts."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Point
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.output import create_output

from toolkit.views.sessions import COLUMNS, cells
from toolkit.workflows import session_watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prompt_toolkit.formatted_text import StyleAndTextTuples
    from prompt_toolkit.key_binding import KeyPressEvent

    from toolkit.console import Console
    from toolkit.engines.base import Engine
    from toolkit.model.session import Session
    from toolkit.model.session_change import Frame

_VERBS = {"t": "teleport", "l": "logs", "enter": "logs", "s": "stop"}
_FOOT = "↑ ↓ choose · t teleport · l logs · s stop · q back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    verb: str
    session: str


def pick(console: Console, engine: Engine) -> Picked | None:
    """What to do with which session; None: nothing. Raises EngineError where the engine does not answer any more."""
    stopping = threading.Event()
    frames = session_watch.watch(engine, pause=lambda seconds: _pause(stopping, seconds))
    listed = _List(next(frames).sessions)
    if not listed.sessions:
        console.note("no sessions; & TASK starts one")
        return None
    application = listed.application()
    watcher = threading.Thread(target=_refresh, args=(listed, frames, application, stopping), daemon=True)
    try:
        picked = application.run(pre_run=watcher.start)
    finally:
        stopping.set()
    if picked is None and listed.failure is not None:
        raise listed.failure
    return picked


def _pause(stopping: threading.Event, seconds: float) -> None:
    stopping.wait(seconds)


def _refresh(
    listed: _List, frames: Iterator[Frame], application: Application[Picked | None], stopping: threading.Event
) -> None:
    try:
        for frame in frames:
            if stopping.is_set():
                return
            listed.update(frame.sessions)
            application.invalidate()
    except BaseException as error:  # noqa: BLE001 -- it belongs to the thread that waits
        listed.failure = error
        if not stopping.is_set() and application.loop is not None:
            application.loop.call_soon_threadsafe(_leave, application)


def _leave(application: Application[Picked | None]) -> None:
    if application.is_running and application.future is not None and not application.future.done():
        application.exit()


class _List:
    """The rows as they are now, and the id that is chosen: it stays chosen when rows come and go."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = tuple(sessions)
        self.failure: BaseException | None = None
        self._at = 0

    def update(self, sessions: Sequence[Session]) -> None:
        chosen = self.sessions[self._at].id if self.sessions else ""
        ids = [one.id for one in sessions]
        at = ids.index(chosen) if chosen in ids else min(self._at, max(0, len(ids) - 1))
        self.sessions, self._at = tuple(sessions), at

    def application(self) -> Application[Picked | None]:
        control = FormattedTextControl(
            self._rows, get_cursor_position=lambda: Point(0, self._at), focusable=True, show_cursor=False
        )
        foot = Window(FormattedTextControl(_FOOT), height=1, style="class:foot dim")
        head = Window(FormattedTextControl(self._head), height=1, style="bold")
        return Application(
            layout=Layout(HSplit([head, Window(control), foot])),
            key_bindings=self._keys(),
            output=create_output(stdout=sys.stderr),
            erase_when_done=True,
        )

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        for names, step in ((("up", "k"), -1), (("down", "j"), 1)):
            for name in names:
                keys.add(name)(lambda _event, step=step: self._move(step))
        for name, verb in _VERBS.items():
            keys.add(name)(lambda event, verb=verb: self._act(event, verb))
        for name in ("q", "escape", "c-c", "c-d"):
            keys.add(name, eager=True)(lambda event: event.app.exit())
        return keys

    def _move(self, step: int) -> None:
        self._at = max(0, min(len(self.sessions) - 1, self._at + step))

    def _act(self, event: KeyPressEvent, verb: str) -> None:
        if self.sessions:
            event.app.exit(result=Picked(verb=verb, session=self.sessions[self._at].id))

    def _head(self) -> str:
        return self._lines()[0]

    def _rows(self) -> StyleAndTextTuples:
        rows = self._lines()[1:]
        return [("reverse" if index == self._at else "", f"{row}\n") for index, row in enumerate(rows)]

    def _lines(self) -> list[str]:
        table = [COLUMNS, *(cells(one) for one in self.sessions)]
        widths = [max(len(row[index]) for row in table) for index in range(len(COLUMNS))]
        return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
