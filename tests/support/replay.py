"""A page's commands, typed into one shell from first to last, as its reader would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from tests.support import transcript_match
from tests.support.transcript_page import Block, Shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support.transcript_page import Command, Page

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Shell:
    """One bash: folders and variables last from one command to the next. Commands have no terminal and no input."""

    def __init__(self, argv: Sequence[str], *, cwd: Path, environment: Mapping[str, str], seconds: float) -> None:
        self._mark = f"done-{uuid.uuid4().hex}"
        self._process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._bound = threading.Timer(seconds, self._kill)
        self._bound.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bound.cancel()
        self._kill()
        with self._process:
            pass

    def run(self, command: str) -> tuple[str, int]:
        """What it printed (both streams), and its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{{ {command}\n}} </dev/null 2>&1; printf '\\n%s %s\\n' {self._mark} $?\n")
        self._process.stdin.flush()
        lines: list[str] = []
        for line in self._process.stdout:
            if line.startswith(self._mark):
                return _ANSI.sub("", "".join(lines)).removesuffix("\n"), int(line.split()[1])
            lines.append(line)
        raise AssertionError(f"the shell ended, or its time did, in: {command}\n{''.join(lines)}")

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


@contextmanager
def reader(folder: Path, environment: Mapping[str, str], *, seconds: float = 280) -> Iterator[Shell]:
    """A shell of a reader on this machine, in `folder`."""
    argv = ("bash", "--noprofile", "--norc")
    with Shell(argv, cwd=folder, environment={**environment, "NO_COLOR": "1"}, seconds=seconds) as shell:
        yield shell


def replay(page: Page, shell: Shell, *, others: Collection[str] = ()) -> dict[str, str]:
    """Do all that the page says, in its order; AssertionError at the first command that does otherwise.

    `others` are the ids of sessions that were there before: the page's reader has none.
    Returns what the names that it shows (sessions, hashes) really were.
    """
    known: dict[str, str] = {}
    for step in page.steps:
        if isinstance(step, Shown):
            _save(step, page, shell)
        elif not step.not_run:
            known = _replay_block(step, page, shell, known, others)
    return known


def _save(shown: Shown, page: Page, shell: Shell) -> None:
    end = f"end-{uuid.uuid4().hex}"
    said, code = shell.run(f"mkdir -p $(dirname {shown.path}) && cat > {shown.path} <<'{end}'\n{shown.text}{end}")
    assert code == 0, f"{page.path}:{shown.line}: {said}"


def _replay_block(
    block: Block, page: Page, shell: Shell, known: dict[str, str], others: Collection[str]
) -> dict[str, str]:
    for command in block.commands:
        expected = block.exit_code if command is block.commands[-1] else 0
        place = f"{page.path}:{command.line}"
        text = transcript_match.substitute(command.text, known)
        printed, code = shell.run(text)
        assert code == expected, f"{place}: $ {text}\nexit code {code}, not {expected}\n{printed}"
        known = _compared(command, f"{place}: $ {text}", _without(printed, others), known)
    return known


def _without(printed: str, others: Collection[str]) -> str:
    """Without the rows of these sessions."""
    return "".join(one for one in printed.splitlines(keepends=True) if one.partition(" ")[0] not in others)


def _compared(command: Command, place: str, printed: str, known: dict[str, str]) -> dict[str, str]:
    if not command.output:
        return known
    try:
        return transcript_match.match(command.output, printed, known)
    except transcript_match.Mismatch as difference:
        raise AssertionError(f"{place}\n{difference}") from None
