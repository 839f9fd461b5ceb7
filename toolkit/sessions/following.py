"""A session's events as they come, with a bound on the wait: the engine's log stream itself has none."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.sessions import transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.base import Engine
    from toolkit.sessions.transcript import TranscriptEvent

SILENCE = 30.0  # seconds without an event after which `over` is asked


def until(
    engine: Engine,
    container: str,
    enough: Callable[[TranscriptEvent], bool],
    *,
    timeout: float | None,
    beside: Callable[[], Iterator[TranscriptEvent]] | None = None,
    over: Callable[[], bool] = lambda: False,
) -> Iterator[TranscriptEvent]:
    """Every event from the beginning on, up to and with the one that is `enough`, or to the session's end.

    `beside` gives events from elsewhere, which come in between as they happen; its end and its failures do not matter.
    `over` is asked in long silence: is what is waited for true by now? The event that says so may be lost, as an engine
    drops lines of a log while its disk is full.

    Raises:
        TimeoutError: after `timeout` seconds; None waits for ever.
    """
    arrived: queue.SimpleQueue[TranscriptEvent | BaseException | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(engine, container, arrived), daemon=True).start()
    if beside is not None:
        threading.Thread(target=_read_beside, args=(beside, arrived), daemon=True).start()
    deadline = None if timeout is None else time.monotonic() + timeout
    while (item := _next(arrived, deadline, over)) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
        if enough(item):
            return


def _next(
    arrived: queue.SimpleQueue[TranscriptEvent | BaseException | None],
    deadline: float | None,
    over: Callable[[], bool],
) -> TranscriptEvent | BaseException | None:
    while True:
        left = SILENCE if deadline is None else min(SILENCE, deadline - time.monotonic())
        try:
            return arrived.get(timeout=max(0.0, left))
        except queue.Empty:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError from None
            if over():
                return None


def _read(engine: Engine, container: str, arrived: queue.SimpleQueue[TranscriptEvent | BaseException | None]) -> None:
    try:
        for event in transcript.events(engine, container, follow=True):
            arrived.put(event)
    except BaseException as error:  # noqa: BLE001 -- it belongs to the thread that waits
        arrived.put(error)
    else:
        arrived.put(None)


def _read_beside(
    beside: Callable[[], Iterator[TranscriptEvent]],
    arrived: queue.SimpleQueue[TranscriptEvent | BaseException | None],
) -> None:
    with suppress(ToolkitError):
        for event in beside():
            arrived.put(event)
