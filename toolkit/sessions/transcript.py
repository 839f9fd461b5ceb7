"""A session's events: one JSON object a line of its container's log, and what that has no more from its own files."""

from __future__ import annotations

import json
import re
import time
import zlib
from typing import TYPE_CHECKING, Any

from toolkit.errors import EngineError
from toolkit.sessions import transcript_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from toolkit.engines.base import Engine

TranscriptEvent = dict[str, Any]

_ATTEMPTS = 3
_LOOK_SECONDS = 0.5
_SEAL = re.compile(rb', "crc": (\d{1,10})\}$')


def events(engine: Engine, container: str, *, follow: bool) -> Iterator[TranscriptEvent]:
    """From the first event on; with `follow` until the session's process ends.

    The engine keeps the newest part of a log, and while it rotates its files one who follows may miss some: what is
    missing by its number is read from the session's files. What is nowhere is an event of the type `lost`.
    Docker's reader goes no further than a line that a full disk cut off; what comes after it is read in the same way.
    """
    wanted, newest = 1, ""
    for line in lines(engine.logs(container, follow=follow)):
        event = parse(line)
        if event is None:
            continue
        number = number_of(event)
        written = str(event.get("time", ""))
        if 0 < number < wanted and written <= newest:
            continue  # Docker 20.10 gives followers some lines twice when it rotates
        if number > wanted:
            yield from _between(engine, container, wanted, event)
        if number:
            wanted, newest = number + 1, written
        yield event
    yield from _unread(engine, container, wanted, follow=follow)


def _unread(engine: Engine, container: str, wanted: int, *, follow: bool) -> Iterator[TranscriptEvent]:
    """What the log has from the number `wanted` on, once its reader has come to its end."""
    while True:
        goes_on = follow and _runs(engine, container)
        try:
            last = parse(engine.last_log(container))
        except EngineError:
            return  # it was removed meanwhile
        number = number_of(last) if last else 0
        if last is not None and number >= wanted:
            yield from _between(engine, container, wanted, last)
            yield last
            wanted = number + 1
        if not goes_on:
            return
        time.sleep(_LOOK_SECONDS)


def _runs(engine: Engine, container: str) -> bool:
    found = engine.container(container)
    return found is not None and found.status == "running"


def _between(engine: Engine, container: str, wanted: int, event: TranscriptEvent) -> Iterator[TranscriptEvent]:
    """From the event with the number `wanted` up to the one before `event`."""
    end = number_of(event)
    for attempt in range(_ATTEMPTS):
        for line in transcript_files.lines(engine, container, first=wanted, last=end - 1):
            found = parse(line)
            number = number_of(found) if found else 0
            if found is None or not wanted <= number < end:
                continue
            if number > wanted:
                if attempt + 1 < _ATTEMPTS:
                    break  # a file was being packed while we looked
                yield _lost(wanted, number, found)
            yield found
            wanted = number + 1
        if wanted == end:
            return
    yield _lost(wanted, end, event)


def _lost(wanted: int, end: int, event: TranscriptEvent) -> TranscriptEvent:
    return {
        "time": event.get("time", ""),
        "type": "lost",
        "turn": event.get("turn", 0),
        "first": wanted,
        "last": end - 1,
    }


def number_of(event: TranscriptEvent) -> int:
    """0 for an event from elsewhere."""
    number = event.get("seq")
    return number if type(number) is int and number > 0 else 0


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines, however the stream was cut."""
    rest = bytearray()
    for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for line in whole:
            rest += line
            yield bytes(rest)
            rest.clear()
        rest += last
    if rest:
        yield bytes(rest)


def parse(line: bytes) -> TranscriptEvent | None:
    """The event of a line; None for a line that is none (a process may write to the container's log by itself).

    A long one is none either when it is not as its runner wrote it: the engine keeps it in pieces, and some come twice.
    """
    line = line.rstrip(b"\n")
    sealed = _SEAL.search(line)
    if sealed and int(sealed[1]) != zlib.crc32(line[: sealed.start()] + b"}"):
        return None
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None
