"""A running session as its agent has it: commands in its repository, and what can be found in there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.model import labels

if TYPE_CHECKING:
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """`toolkit` is the command line in the checkout that the session came from."""

    engine: DockerEngine
    toolkit: Toolkit
    session: str
    container: str

    @property
    def branch(self) -> str:
        return f"session/{self.session}"

    @property
    def folder(self) -> str:
        return f"/workspace/{self.toolkit.cwd.name}"

    def run(self, script: str, *words: str, code: int | None = 0) -> Ran:
        """A shell script in the repository; $1 … are `words`."""
        argv = ("sh", "-euc", f'cd "{self.folder}"; {script}', "sh", *words)
        done = self.engine.execute(self.container, argv, environment={}, timeout=_SECONDS)
        ran = Ran(code=done.exit_code, text=(done.stdout + done.stderr).decode(errors="replace").strip())
        assert code is None or ran.code == code, f"{script} → {ran.code}: {ran.text}"
        return ran

    def commit(self, text: str) -> str:
        """A commit on what is checked out; returns its id."""
        script = 'echo "$1" >>work.txt; git add work.txt; git commit -qm "$1"; git rev-parse HEAD'
        return self.run(script, text).text

    def push(self, *words: str, code: int | None = 0) -> Ran:
        return self.run('git push origin "$@" 2>&1', *words, code=code)

    def part(self, kind: str) -> str:
        """The id of another container of the session's."""
        return self.engine.containers(labels={labels.SESSION: self.session, labels.KIND: kind})[0].id
