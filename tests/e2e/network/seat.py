"""Where tries are made: inside a session, by `toolkit exec` alone, or in the lab's own container.

A seat in a session is one long conversation with the program `inside`, so that a try costs no start-up.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import selectors
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from typing import Self

    from testcontainers.core.container import DockerContainer

    from tests.e2e.network.attacks import Try
    from tests.support.cli import Toolkit

SECONDS = 90.0
_PROGRAM = Path(__file__).with_name("inside")
_ARCHIVE = "/tmp/lab-inside.zip"
_TRIES = 3
_START = (
    "import base64, sys\n"
    f"with open('{_ARCHIVE}', 'wb') as file: file.write(base64.b64decode(sys.stdin.readline()))\n"
    f"sys.path.insert(0, '{_ARCHIVE}')\n"
    "from inside.answering import main\n"
    "main()\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a try came to; `more` holds everything that it told."""

    reached: bool
    status: int | None
    reason: str | None
    text: str
    error: str
    more: dict[str, Any]

    @classmethod
    def of(cls, line: str | bytes) -> Answer:
        told = json.loads(line)
        return cls(
            reached=bool(told["reached"]),
            status=told.get("status"),
            reason=told.get("reason"),
            text=str(told.get("text", "")),
            error=str(told.get("error", "")),
            more=told,
        )


class Seat(Protocol):
    def attempt(self, tried: Try) -> Answer: ...


class SessionSeat:
    """Use it in a `with`: the program inside the session ends with it."""

    def __init__(self, toolkit: Toolkit, session: str) -> None:
        self.session = session
        self._toolkit = toolkit
        self._process: subprocess.Popen[str] | None = None

    def attempt(self, tried: Try) -> Answer:
        """Make it; TimeoutError where no answer comes."""
        process = self._opened()
        assert process.stdin
        assert process.stdout
        process.stdin.write(_order(tried))
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(SECONDS):
                self.close()
                raise TimeoutError(f"no answer in {SECONDS} s: {tried}")
        line = process.stdout.readline()
        if not line:
            self.close()
            raise ConnectionError(f"the program in {self.session} is gone: {tried}")
        return Answer.of(line)

    def _opened(self) -> subprocess.Popen[str]:
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                self._toolkit.argv("exec", self.session, "--", "python3", "-u", "-c", _START),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                env=self._toolkit.variables(),
                cwd=self._toolkit.cwd,
            )
            assert self._process.stdin
            self._process.stdin.write(_program())
        return self._process

    def close(self) -> None:
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout):
                assert stream
                with contextlib.suppress(OSError):  # what was written for a program that is gone
                    stream.close()
            self._process.kill()
            self._process.wait(timeout=30)
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ContainerSeat:
    """In an ordinary container: one process for each try.

    It shows what is possible, so that what a loaded machine lets fail is tried again: tries wait for one second only.
    """

    def __init__(self, container: DockerContainer) -> None:
        self._container = container

    def attempt(self, tried: Try) -> Answer:
        for _ in range(_TRIES):
            answer = self._once(tried)
            if answer.reached:
                break
        return answer

    def _once(self, tried: Try) -> Answer:
        lines = _program() + _order(tried)
        code = f"import io, sys; sys.stdin = io.StringIO(sys.argv[1]); exec({_START!r})"
        done = self._container.exec(["python3", "-c", code, lines])
        assert done.exit_code == 0, done.output.decode()
        return Answer.of(done.output)


def _order(tried: Try) -> str:
    return json.dumps({"try": tried.name, "with": dict(tried.arguments)}) + "\n"


def _program() -> str:
    """The package as one line of text."""
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for path in sorted(_PROGRAM.glob("*.py")):
                archive.writestr(f"inside/{path.name}", path.read_text(encoding="utf-8"))
        return base64.b64encode(stream.getvalue()).decode() + "\n"
