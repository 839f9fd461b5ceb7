"""One run of the agent: its process group, its input, its output as events, its exit code."""

from __future__ import annotations

import codecs
import contextlib
import queue
import signal
import subprocess
import threading
import time
from typing import IO, TYPE_CHECKING, cast

from .spawning import signal_group, spawn

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Mapping, Sequence

_CHUNK = 65536
_DRAIN_SECONDS = 0.5
_GRACE_SECONDS = 5.0


class Turn:
    """A running agent; RuntimeError where there is no room for its threads. A signal handler may `end` it any time.

    `typed`: the agent reads its stdin, which then stays open for whoever joins; else it is /dev/null.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: str,
        environment: Mapping[str, str],
        typed: bool,
        on_output: Callable[[str, str], None],
    ) -> None:
        self._process = spawn(
            argv,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE if typed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._input: queue.SimpleQueue[bytes] | None = queue.SimpleQueue() if typed else None
        self._asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._readers = [
            threading.Thread(target=_pump, args=(stream, name, on_output), daemon=True)
            for stream, name in ((self._process.stdout, "stdout"), (self._process.stderr, "stderr"))
        ]
        try:
            self._start_threads()
        except RuntimeError:  # too many processes for one more thread: nobody would hear the agent, or end it
            with self._process:  # waits for it, and closes its pipes
                self.kill()
            raise

    def _start_threads(self) -> None:
        threading.Thread(target=_make_sure, args=(self._process.pid, self._asked), daemon=True).start()
        for reader in self._readers:
            reader.start()
        if self._input is not None:
            threading.Thread(target=_feed, args=(self._process.stdin, self._input), daemon=True).start()

    def feed(self, text: bytes) -> bool:
        """Give it to the agent's stdin, an empty text being its end; False where the agent has none."""
        if self._input is None:
            return False
        self._input.put(text)
        return True

    def wait(self) -> int:
        """The exit code, 128 plus the number for a signal; what is left in the pipes is read first.

        A process that the agent left in the background keeps its pipes and goes on, with its output read.
        """
        code = self._process.wait()
        self.feed(b"")
        for reader in self._readers:
            reader.join(timeout=_DRAIN_SECONDS)
        self._asked.put(False)
        return 128 - code if code < 0 else code

    def end(self) -> None:
        """SIGTERM for the whole group, SIGKILL for what is left of it after a grace time; after `wait`, SIGTERM alone.

        It takes no lock and starts no thread: the signal may have come in the midst of just that, and there may be no
        room for one more. `SimpleQueue.put` may interrupt itself.
        """
        signal_group(self._process.pid, signal.SIGTERM)
        self._asked.put(True)

    def kill(self) -> None:
        """SIGKILL for the whole group, at once."""
        signal_group(self._process.pid, signal.SIGKILL)


def _make_sure(group: int, asked: queue.SimpleQueue[bool]) -> None:
    """SIGKILL for what has not ended some time after it was asked to; False: the agent has ended by itself."""
    if asked.get():
        time.sleep(_GRACE_SECONDS)
        signal_group(group, signal.SIGKILL)


def _feed(stream: IO[bytes] | None, texts: queue.SimpleQueue[bytes]) -> None:
    sink = cast("IO[bytes]", stream)
    with contextlib.suppress(OSError, ValueError):
        while text := texts.get():
            sink.write(text)
            sink.flush()
    with contextlib.suppress(OSError):
        sink.close()


def _pump(stream: IO[bytes] | None, name: str, on_output: Callable[[str, str], None]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    source = cast("io.BufferedReader", stream)
    with source:
        while True:
            chunk = source.read1(_CHUNK)
            text = decoder.decode(chunk, final=not chunk)
            if text:
                on_output(name, text)
            if not chunk:
                return
