"""`tasks --watch` in a pipe, its lines each waited for with a bound."""

from __future__ import annotations

import queue
import signal
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit

SECONDS = 120.0


class Follower:
    """The lines of a process, each waited for with a bound."""

    def __init__(self, stream: IO[str]) -> None:
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line.rstrip("\n"))

    def until(self, fits: Callable[[str], bool]) -> list[str]:
        """The lines up to and with the first that fits."""
        read: list[str] = []
        while not read or not fits(read[-1]):
            read.append(self._lines.get(timeout=SECONDS))
        return read


@contextmanager
def watching(toolkit: Toolkit, *options: str) -> Iterator[Follower]:
    """Interrupted at the end, as by ctrl-c, and then over with 130."""
    process = toolkit.start("tasks", "--watch", *options)
    assert process.stdout is not None
    try:
        yield Follower(process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=SECONDS) == 130
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.close()
