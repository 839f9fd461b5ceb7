"""Waiting for a session whose log may have lost what is waited for."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from toolkit.sessions import following

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engines.base import Engine
    from toolkit.sessions.transcript import TranscriptEvent


@dataclass
class FakeSilentEngine:
    """Gives the lines that it has, and then nothing for as long as somebody listens."""

    kinds: tuple[str, ...]
    released: threading.Event = field(default_factory=threading.Event)

    def logs(self, _identity: str, *, follow: bool) -> Iterator[bytes]:
        for number, kind in enumerate(self.kinds, start=1):
            event = {"version": 1, "n": number, "time": "2026-01-01T00:00:00Z", "turn": 1, "type": kind}
            yield json.dumps(event).encode() + b"\n"
        assert follow
        self.released.wait(20)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE", 0.05)


def kinds(engine: FakeSilentEngine, **more: Any) -> list[str]:
    def finished(event: TranscriptEvent) -> bool:
        return bool(event["type"] == "turn-finished")

    try:
        return [one["type"] for one in following.until(cast("Engine", engine), "c", finished, **more)]
    finally:
        engine.released.set()


def test_the_event_ends_the_wait_and_nothing_else_is_asked() -> None:
    def never() -> bool:
        raise AssertionError

    assert kinds(FakeSilentEngine(("turn-started", "turn-finished")), timeout=20, over=never)[-1] == "turn-finished"


def test_a_lost_event_does_not_hold_the_wait_for_ever() -> None:
    answers = iter((False, False, True))
    assert kinds(FakeSilentEngine(("turn-started",)), timeout=None, over=lambda: next(answers)) == ["turn-started"]
    assert next(answers, None) is None


def test_the_bound_holds_though_silence_is_looked_into() -> None:
    with pytest.raises(TimeoutError):
        kinds(FakeSilentEngine(("turn-started",)), timeout=0.3, over=lambda: False)
