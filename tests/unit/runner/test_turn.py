"""One run of the agent: how it is ended, above all where there is no room for one more thread."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from toolkit.runner.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 20.0


@pytest.fixture
def begin(tmp_path: Path) -> Callable[[str], Turn]:
    def start(script: str) -> Turn:
        argv = ["bash", "-c", script]
        return Turn(argv, cwd=str(tmp_path), environment={}, typed=False, on_output=lambda _stream, _text: None)

    return start


def until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def no_room(_thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_an_agent_that_is_asked_to_end_gets_its_time_though_no_thread_can_be_had(
    begin: Callable[[str], Turn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = begin("trap 'sleep 0.3; touch saved; exit 7' TERM; touch ready; while :; do sleep 0.05; done")
    until((tmp_path / "ready").exists)
    monkeypatch.setattr(threading.Thread, "start", no_room)
    turn.end()
    assert turn.wait() == 7
    assert (tmp_path / "saved").exists()


def test_an_agent_that_will_not_end_is_killed_after_a_grace_time(
    begin: Callable[[str], Turn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolkit.runner.turn._GRACE_SECONDS", 0.2)
    turn = begin("trap '' TERM; touch ready; while :; do sleep 0.05; done")
    until((tmp_path / "ready").exists)
    turn.end()
    assert turn.wait() == 128 + 9


def test_what_it_left_in_the_background_goes_on_and_no_thread_waits_for_it(
    begin: Callable[[str], Turn], tmp_path: Path
) -> None:
    before = threading.active_count()
    turn = begin("(sleep 1; touch late) >/dev/null 2>&1 & exit 0")
    assert turn.wait() == 0
    until(lambda: threading.active_count() == before)
    until((tmp_path / "late").exists)


def test_an_agent_that_nobody_can_listen_to_does_not_run_on(
    begin: Callable[[str], Turn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_room)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        begin("echo $$ > pid.new; mv pid.new pid; sleep 1; touch alive")
    monkeypatch.undo()
    sure = begin("sleep 1.5")
    assert sure.wait() == 0
    assert not (tmp_path / "alive").exists()
