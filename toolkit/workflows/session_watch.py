"""`toolkit tasks --watch`: the list again and again, and what has changed in it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from toolkit.model.session_change import ChangeKind, Frame, SessionChange
from toolkit.sessions import records
from toolkit.workflows.session_list import check_state, is_listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from toolkit.engines.base import Engine
    from toolkit.model.session import Session

_PAUSE_SECONDS = 1.0
_PAUSE_FOR_EACH_SECOND = 4.0  # of looking: a slow engine has other things to do than to be watched


def watch(
    engine: Engine, *, state: str = "", everything: bool = False, pause: Callable[[float], None] = time.sleep
) -> Iterator[Frame]:
    """The list as `session_list.listed` gives it, about once a second, without an end.

    Asked for, not told: an engine's own events do not know when a turn ends.

    Raises:
        UsageError: `state` is none.
        EngineError: the engine does not answer any more.
    """
    check_state(state)
    shown: Mapping[str, Session] = {}
    while True:
        began = time.monotonic()
        there = records.sessions(engine)
        listed = tuple(one for one in there if is_listed(one, state=state, everything=everything))
        yield Frame(sessions=listed, changes=tuple(changes(shown, listed, there)))
        shown = {one.id: one for one in listed}
        pause(max(_PAUSE_SECONDS, _PAUSE_FOR_EACH_SECOND * (time.monotonic() - began)))


def changes(
    before: Mapping[str, Session], listed: Sequence[Session], there: Sequence[Session]
) -> Iterator[SessionChange]:
    """From the sessions listed before, by id, to those listed now, the oldest first; `there` is every session."""
    now = {one.id: one for one in there}
    of_the_list = {one.id for one in listed}
    for one in before.values():
        if one.id not in now:
            yield SessionChange(kind=ChangeKind.REMOVED, session=one)
        elif one.id not in of_the_list:
            yield SessionChange(kind=ChangeKind.LEFT, session=now[one.id])
    for one in reversed(listed):
        if one.id not in before:
            yield SessionChange(kind=ChangeKind.ADDED, session=one)
        elif _standing(one) != _standing(before[one.id]):
            yield SessionChange(kind=ChangeKind.CHANGED, session=one)


def _standing(one: Session) -> tuple[object, ...]:
    return one.state, one.exit_code, one.turns, one.reason
