"""What long work reports while it runs; only the CLI prints it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from toolkit.record import Record


class Phase(StrEnum):
    STARTED = "started"
    PROGRESS = "progress"
    DONE = "done"
    FAILED = "failed"
    NOTE = "note"
    WARNING = "warning"


class Event(Record):
    """One step's news: `step` is a stable key (one line on the checklist), `text` what a person reads."""

    step: str
    phase: Phase
    text: str


OnEvent = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """For callers that show no progress."""
