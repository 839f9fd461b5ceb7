"""A session's events as its container's log holds them: one JSON object a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from toolkit.engines.base import Engine

TranscriptEvent = dict[str, Any]


def events(engine: Engine, container: str, *, follow: bool) -> Iterator[TranscriptEvent]:
    """From the first event on; with `follow` until the session's process ends."""
    for line in lines(engine.logs(container, follow=follow)):
        event = parse(line)
        if event is not None:
            yield event


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, however the stream was cut."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest


def parse(line: bytes) -> TranscriptEvent | None:
    """The event of a line; None for a line that is none (a process may write to the container's log by itself)."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None
