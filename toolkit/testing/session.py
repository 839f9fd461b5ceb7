"""A whole session of a declared environment for a test: its isolation, its gateways and its hooks, and no agent."""

from __future__ import annotations

import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolkit import process
from toolkit.engines.connection import connect
from toolkit.errors import ToolkitError
from toolkit.model.event import ignore
from toolkit.paths import find_root
from toolkit.sessions import ends, transcript
from toolkit.sessions.plan import RUNNER, STATE_FOLDER
from toolkit.workflows import audit, remote, sessions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from toolkit.model.audit import AuditEntry
    from toolkit.model.session import Session

_GIT_SECONDS = 60.0
_EXEC_SECONDS = 600.0
_TURN_SECONDS = 3600.0
_BESIDE = ("python3", "-I", RUNNER, "exec", STATE_FOLDER, "toolkit-testing")


class ExecResult(NamedTuple):
    """As testcontainers' own: `output` is what came on stdout, then what came on stderr."""

    exit_code: int
    output: bytes


class EnvironmentSession:
    """A session as `toolkit remote` starts it, its hooks over, with the network that the environment declares.

    `name` is the environment's, `root` the folder that holds envs/ (default: the nearest one upward). It works in a
    repository of its own with one empty commit, unless `with_repository` names yours; it is removed at the end of the
    `with` block, and what was committed in it with it.

    Raises:
        ToolkitError: at the start: whatever keeps `toolkit remote` from starting one.
    """

    def __init__(self, name: str, *, root: Path | None = None) -> None:
        self._name = name
        self._root = find_root(root)
        self._repository: Path | None = None
        self._task = "true"
        self._engine = connect()
        self._stack = ExitStack()
        self._session: Session | None = None

    def with_repository(self, folder: Path) -> Self:
        """Start from this checkout; what the session commits is pushed where its environment lets it."""
        self._repository = folder
        return self

    def with_task(self, task: str) -> Self:
        """What bash runs as the first turn, instead of nothing."""
        self._task = task
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Start it and wait until its first turn is over."""
        with ExitStack() as undo:
            folder = self._repository or _repository(Path(undo.enter_context(tempfile.TemporaryDirectory())))
            order = remote.RemoteOrder(task=self._task, environment=self._name, repository=str(folder), agent="shell")
            started = remote.start(self._root, self._engine, order, ignore)
            undo.callback(ends.discard, self._engine, started.id)
            self._session = sessions.wait(
                self._engine, started.id, timeout=_TURN_SECONDS, on_output=lambda _event: None, replay=True
            )
            if not self._session.turns:
                raise ToolkitError(f"the session of '{self._name}' ended at its beginning: {self._session.reason}")
            self._stack = undo.pop_all()
        return self

    def stop(self) -> None:
        """Remove it with all that is its own; idempotent."""
        self._stack.close()
        self._session = None

    @property
    def session(self) -> Session:
        """As it was when its first turn was over."""
        if self._session is None:
            raise ToolkitError("the session is not started", hint="use it in a with statement")
        return self._session

    def exec(self, command: str | Sequence[str]) -> ExecResult:
        """Run beside the agent, in the repository's folder, with what hooks have set; a text is split as shells do."""
        words = shlex.split(command) if isinstance(command, str) else list(command)
        done = self._engine.execute(self.session.container, (*_BESIDE, *words), environment={}, timeout=_EXEC_SECONDS)
        return ExecResult(done.exit_code, done.stdout + done.stderr)

    def get_logs(self) -> tuple[bytes, bytes]:
        """What its turns have printed: stdout and stderr."""
        said = [
            one
            for one in transcript.events(self._engine, self.session.container, follow=False)
            if one["type"] == "output"
        ]
        return _joined(said, "stdout"), _joined(said, "stderr")

    def audit(self) -> tuple[AuditEntry, ...]:
        """What its gateway let through and what it refused."""
        return audit.audit(self._engine, self.session.id).entries


def _joined(said: Sequence[transcript.TranscriptEvent], stream: str) -> bytes:
    return "".join(str(one["text"]) for one in said if one["stream"] == stream).encode()


def _repository(parent: Path) -> Path:
    """One empty commit on `main`, whatever git is configured to."""
    folder = parent / "repository"
    folder.mkdir()
    identity = ("-c", "user.name=toolkit", "-c", "user.email=toolkit@example.invalid", "-c", "commit.gpgSign=false")
    for words in (
        ("init", "--quiet", "--template="),
        ("symbolic-ref", "HEAD", "refs/heads/main"),
        (*identity, "commit", "--quiet", "--allow-empty", "--message", "Begin"),
    ):
        process.run(("git", "-C", str(folder), *words), timeout=_GIT_SECONDS)
    return folder
