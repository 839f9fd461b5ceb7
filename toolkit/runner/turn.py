"""One run of the agent: its process group, its output as events, its exit code."""

from __future__ import annotations

import codecs
import os
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Mapping, Sequence

_CHUNK = 65536
_DRAIN_SECONDS = 0.5
_GRACE_SECONDS = 5.0


def argv_of(agent: Mapping[str, Any], task: str, *, first: bool) -> list[str]:
    """The agent's command line for this task: `bash -lc TASK`, or the environment's own command.

    `agent` is `{"preset": "shell"}` or `{"command": [...], "next": [...]}` with `{task}` in any word.
    """
    if agent.get("command"):
        words = agent["command"] if first or not agent.get("next") else agent["next"]
        return [word.replace("{task}", task) for word in words]
    return ["bash", "-lc", task]


class Turn:
    """A running agent. `end` may be called from a signal handler at any moment."""

    """`variables` are added to those of the runner itself."""

    def __init__(
        self,
        argv: Sequence[str],
        cwd: str,
        on_output: Callable[[str, str], None],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=_pump, args=(stream, name, on_output), daemon=True)
            for stream, name in ((self._process.stdout, "stdout"), (self._process.stderr, "stderr"))
        ]
        for reader in self._readers:
            reader.start()

    def wait(self) -> int:
        """The exit code, 128 plus the number for a signal; what is left in the pipes is read first.

        A process that the agent left in the background keeps its pipes and goes on, with its output read.
        """
        code = self._process.wait()
        for reader in self._readers:
            reader.join(timeout=_DRAIN_SECONDS)
        return 128 - code if code < 0 else code

    def end(self) -> None:
        """SIGTERM for the whole group, SIGKILL for what is left of it after a grace time."""
        self._signal(signal.SIGTERM)
        last = threading.Timer(_GRACE_SECONDS, self._signal, (signal.SIGKILL,))
        last.daemon = True
        last.start()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


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
