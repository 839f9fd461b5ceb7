"""`toolkit console` with sessions: from a pipe, and on a pseudo-terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit

    Started = Callable[[], list[dict[str, Any]]]

SECONDS = 120.0
PROMPT = r">[^\r\n]*\x1b\[\?25h"
DOWN, CTRL_C, CTRL_D = "\x1b[B", "\x03", "\x04"
TELL = 'cat "$TOOLKIT_CONTEXT_FILE"'


def talk(toolkit: Toolkit, *lines: str, code: int = 0) -> tuple[str, str]:
    done = toolkit("console", code=code, stdin="".join(f"{line}\n" for line in lines))
    return done.stdout, done.stderr


def test_a_session_is_told_the_conversation_so_far(toolkit: Toolkit, started: Started) -> None:
    out, _ = talk(
        toolkit,
        "use pytest",
        "& echo from the first session",
        "/wait",
        "/logs",
        "/plan",
        "look first",
        f"& {TELL}",
        "/logs",
        "careful",
        "/notes",
    )
    second, first = (one["id"] for one in started())
    assert out.splitlines()[:3] == [first, "from the first session", second]
    told = toolkit("logs", second).stdout
    assert told in out
    assert "- noted: use pytest\n" in told
    assert f"- {first} was given the task: echo from the first session\n" in told
    assert f"- {first} printed:\n  > from the first session\n" in told
    assert told.endswith("## The plan for this task\n\n1. look first\n")
    assert out.endswith("- noted: careful\n")  # the plan went with its task


def test_the_first_session_is_told_nothing(toolkit: Toolkit, started: Started) -> None:
    talk(toolkit, f"& {TELL} | wc -c", "/wait")
    assert toolkit("logs", started()[0]["id"]).stdout.strip() == "0"


def test_verbs_work_on_the_session_that_was_started_last(toolkit: Toolkit, started: Started, checkout: Path) -> None:
    out, err = talk(
        toolkit,
        "& echo work > work.txt && git add . && git commit -qm work",
        "/wait",
        "/diff",
        "/rm",
        "/stop",
        "/tasks --state stopped --json",
        "/teleport",
        code=1,
    )
    (session,) = (one["id"] for one in started())
    assert "+work" in out
    assert f"{session} stopped\n" in out
    assert f'"id": "{session}"' in out
    assert "which session? there is no terminal to ask on" in err  # as on the command line
    assert f"removing {session} needs a yes" in err
    talk(toolkit, f"/resume {session}", f"/tp {session}")
    assert git(checkout, "branch", "--show-current") == f"session/{session}"


@pytest.fixture
def terminal(toolkit: Toolkit) -> Iterator[pexpect.spawn[str]]:
    program, *words = toolkit.argv("console")
    with pexpect.spawn(
        program,
        words,
        cwd=str(toolkit.cwd),
        env={**os.environ, **toolkit.environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=SECONDS,
        dimensions=(60, 170),
    ) as child:
        child.expect(PROMPT)
        yield child


def test_a_talk_on_a_terminal(terminal: pexpect.spawn[str], started: Started, checkout: Path) -> None:
    terminal.send("noted before\r")
    terminal.expect(PROMPT)
    terminal.send(f"& {TELL}; touch f; git add f; git commit -qm w\r")
    terminal.expect_exact("/logs follows it")
    terminal.expect(PROMPT)
    (first,) = (one["id"] for one in started())
    terminal.send(f"/logs {first[:-1]}\r")
    terminal.expect_exact("- noted: noted before")
    terminal.expect_exact("── turn 1 ended with exit code 0")
    terminal.expect(PROMPT)
    terminal.send("& sleep 600\r")
    terminal.expect_exact("/logs follows it")
    terminal.expect(PROMPT)
    second = started()[0]["id"]
    terminal.send(f"/logs -f {second}\r")
    terminal.expect_exact("turn 1: sleep 600")
    terminal.send(CTRL_C)  # has seen enough; the session goes on
    terminal.expect(PROMPT)
    terminal.send("/tasks\r")
    terminal.expect_exact("s stop")
    terminal.send("s")
    terminal.expect_exact(f"{second} stopped")
    terminal.expect_exact("s stop")
    terminal.send(f"{DOWN}l")
    terminal.expect_exact("── turn 1 ended with exit code 0")
    terminal.expect(PROMPT)
    terminal.send("/tasks\r")
    terminal.expect_exact("s stop")
    terminal.send(f"{DOWN}t")
    terminal.expect_exact(f"session/{first} at ")
    terminal.expect(PROMPT)
    assert git(checkout, "branch", "--show-current") == f"session/{first}"
    terminal.send("/tasks\r")
    terminal.expect_exact("s stop")
    terminal.send("q")
    terminal.expect(PROMPT)
    terminal.send(CTRL_D)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert {one["id"]: one["state"] for one in started()} == {first: "idle", second: "stopped"}
