"""What is told of a list of sessions from one look to the next."""

from __future__ import annotations

from dataclasses import replace

from toolkit.model.session import Session, SessionState
from toolkit.workflows.session_watch import changes

ONE = Session(
    id="calm-otter-3f9a",
    environment="web",
    revision="0" * 12,
    state=SessionState.RUNNING,
    exit_code=None,
    branch="session/calm-otter-3f9a",
    task="make test",
    agent="shell",
    repository="shop",
    turns=1,
    created="2026-01-01T00:00:00Z",
    started="2026-01-01T00:00:01Z",
    finished="",
    container="c1",
)
TWO = replace(ONE, id="brisk-heron-0c1d", container="c2")
DONE = replace(ONE, state=SessionState.IDLE, exit_code=0, finished="2026-01-01T00:01:00Z")


def told(before: tuple[Session, ...], listed: tuple[Session, ...], there: tuple[Session, ...]) -> list[str]:
    found = changes({one.id: one for one in before}, listed, there)
    return [f"{one.kind} {one.session.id} {one.session.state}" for one in found]


def test_the_first_look_tells_all_the_oldest_first() -> None:
    assert told((), (TWO, ONE), (TWO, ONE)) == [f"added {ONE.id} running", f"added {TWO.id} running"]


def test_nothing_new_is_not_told_and_a_time_alone_is_nothing_new() -> None:
    assert told((ONE,), (ONE,), (ONE,)) == []
    assert told((ONE,), (replace(ONE, started="2026-01-01T00:00:02Z"),), (ONE,)) == []


def test_another_state_or_turn_is_a_change() -> None:
    assert told((ONE,), (DONE,), (DONE,)) == [f"changed {ONE.id} idle"]
    again = replace(DONE, turns=2)
    assert told((DONE,), (again,), (again,)) == [f"changed {ONE.id} idle"]


def test_what_leaves_the_list_is_told_apart_from_what_is_gone() -> None:
    assert told((ONE, TWO), (), (DONE,)) == [f"left {ONE.id} idle", f"removed {TWO.id} running"]
