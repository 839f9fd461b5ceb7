"""`toolkit console` without an engine: what its lines mean, from a pipe and on a pseudo-terminal."""

from __future__ import annotations

import io
import os
import socket
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from toolkit import paths
from toolkit.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Talk = Callable[..., tuple[int, str, str]]

PROJECT = Path(__file__).resolve().parents[2]
CTRL_C, CTRL_D, UP = "\x03", "\x04", "\x1b[A"
PROMPT = r">[^\r\n]*\x1b\[\?25h"  # then the cursor is shown: the line can be typed


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "envs").mkdir()
    for name in ("default", "web-app"):
        (tmp_path / "envs" / f"{name}.yaml").write_text(f"version: 1\nname: {name}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    return tmp_path


@pytest.fixture
def talk(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Talk:
    def run(*lines: str, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        code = main(["console", *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_notes_and_a_plan_are_what_the_next_session_is_told(talk: Talk) -> None:
    code, out, err = talk("use pytest", "", "/plan", "look first", "then act", "/plan", "/notes")
    assert code == 0
    assert "- noted: use pytest\n" in out
    assert out.endswith("## The plan for this task\n\n1. look first\n2. then act\n")
    assert "> use pytest\n" in err
    assert "plan> look first\n" in err
    assert "\n> /notes\n" in err


def test_what_was_said_can_be_forgotten(talk: Talk) -> None:
    assert talk("a", "/plan", "b", "/plan clear", "/notes")[1].splitlines()[-1] == "- noted: a"
    code, out, err = talk("a", "/notes clear", "/notes")
    assert (code, out) == (0, "")
    assert err.endswith("nothing was said yet\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/taks", "no command /taks\n  hint: did you mean '/tasks'? /help lists them"),
        ("/", "no command /\n  hint: /help lists them"),
        ("/validate", "no command /validate"),
        ("/logs 'a", "a quote is open in /logs 'a"),
        ("/logs", "/logs needs one session"),
        ("/logs a b", "/logs needs one session"),
        ("/plan dance", "/plan does not know 'dance'"),
        ("/notes dance", "/notes does not know 'dance'"),
        ("&", "the task is empty"),
        ("& true", "no container engine answers"),
        ("/tasks", "no container engine answers"),
        ("/exec a -- true", "/exec needs a terminal"),
        ("/attach a", "/attach needs a terminal"),
        ("/stop", "Missing argument"),
    ],
)
def test_a_line_that_fails_is_told_and_the_next_ones_are_carried_out(talk: Talk, line: str, said: str) -> None:
    code, out, err = talk("noted", line, "/notes")
    assert code == 1
    assert said in err
    assert "- noted: noted\n" in out


def test_a_verb_works_as_on_the_command_line_with_its_options(talk: Talk) -> None:
    code, out, err = talk("/remote-env web-app --scope local", "/remote-env --json", "/quit", "/notes dance")
    assert code == 0
    assert '"selected": "web-app"' in out
    assert "'web-app' is now the default environment" in err
    assert "dance" not in err


def test_help_knows_every_command(talk: Talk) -> None:
    out = talk("/help", "/help logs", "/help teleport")[1]
    for name in ("& TASK", "/tasks", "/tp", "/remote-env", "/logs", "/plan", "/quit", "--stash"):
        assert name in out
    assert "toolkit console" in talk("/quit", options=("--help",))[1]


def test_json_is_a_document_for_a_line(talk: Talk) -> None:
    code, out, _ = talk("a", "/notes", options=("--json",))
    assert code == 0
    assert '"context": "# The conversation so far' in out


def terminal(root: Path) -> pexpect.spawn[str]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "toolkit", "console"],
        cwd=str(root),
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=30,
        dimensions=(40, 150),
    )
    child.expect_exact("/help shows the rest")
    child.expect(PROMPT)
    return child


@pytest.fixture
def silent_engine(root: Path) -> Iterator[socket.socket]:
    """Takes connections and says nothing, until it is closed."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(root / "none.sock"))
        listening.listen()
        yield listening


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def test_keys_on_a_terminal(root: Path) -> None:
    child = terminal(root)
    child.send(f"thrown away{CTRL_C}")
    child.expect(PROMPT)
    child.send("kept\r")
    child.expect(PROMPT)
    child.send("/notes\r")
    child.expect_exact("- noted: kept")
    assert "thrown" not in (child.before or "")
    child.expect(PROMPT)
    child.send(f"{UP}{UP}\r")  # the line before: noted once more
    child.expect(PROMPT)
    child.send("/notes\r")
    child.expect_exact("- noted: kept\r\n- noted: kept")
    child.expect(PROMPT)
    child.send(CTRL_D)
    assert ended(child) == 0


def test_completion_and_a_plan_on_a_terminal(root: Path) -> None:
    child = terminal(root)
    child.send("/pla\t")
    child.expect(r"n\x1b\[")  # the letter that was missing is drawn
    child.send("\r")
    child.expect_exact("plan>")
    child.send("/remote-env we\t")
    child.expect_exact("b-app")
    child.send(" --scope local\r")
    child.expect_exact("is now the default environment")
    child.expect_exact("plan>")
    child.send("/taks\r")
    child.expect_exact("did you mean '/tasks'?")
    child.send("/quit\r")
    assert ended(child) == 0


def test_the_history_is_for_its_owner_alone_and_for_the_next_time(root: Path) -> None:
    child = terminal(root)
    child.send("remembered\r")
    child.expect(PROMPT)
    child.send(CTRL_D)
    assert ended(child) == 0
    file = paths.state_dir() / "console-history"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = terminal(root)
    again.send(f"{UP}\r")
    again.expect(PROMPT)
    again.send("/notes\r")
    again.expect_exact("- noted: remembered")
    again.send(CTRL_D)
    assert ended(again) == 0


def test_the_prompt_is_back_while_a_session_starts_and_a_failure_is_told(
    root: Path, silent_engine: socket.socket
) -> None:
    child = terminal(root)
    child.send("/plan\rlook first\r& make test\r")
    child.expect_exact("… starting: make test")
    child.expect(PROMPT)
    child.send("/notes\r")
    child.expect_exact("- a session that is being started was given the task: make test")
    child.expect(PROMPT)
    child.send("half a li")
    child.expect_exact("half a li")
    silent_engine.close()
    child.expect_exact("✗ not started: make test")
    child.expect_exact("error: ")
    child.expect(PROMPT)  # drawn anew, with what was typed
    child.send("ne\r/notes\r")
    child.expect_exact("- noted: half a line")
    assert "was given the task" not in (child.before or "")
    child.expect_exact("1. look first")  # the plan goes with the next task
    child.expect(PROMPT)
    child.send(CTRL_D)
    assert ended(child) == 0


@pytest.mark.usefixtures("silent_engine")
def test_leaving_waits_for_starts_and_an_interrupt_gives_them_up(root: Path) -> None:
    child = terminal(root)
    for task in ("make test", "make lint"):
        child.send(f"& {task}\r")
        child.expect_exact(f"… starting: {task}")
        child.expect(PROMPT)  # before it, ctrl-d would be the terminal's own
    child.send(CTRL_D)
    child.expect_exact("waiting for the start of 2 sessions")
    child.send(CTRL_C)
    child.expect_exact("gave up the start of 2 sessions")
    child.expect_exact("toolkit doctor --fix")
    assert ended(child) == 130


@pytest.mark.usefixtures("silent_engine")
def test_a_verb_on_the_last_session_waits_for_its_start(root: Path) -> None:
    child = terminal(root)
    child.send("& make test\r")
    child.expect_exact("… starting: make test")
    child.expect(PROMPT)
    child.send("/wait\r")
    child.expect_exact("waiting for the start of 1 session")
    child.send(CTRL_C)
    child.expect_exact("interrupted")
    child.expect(PROMPT)
    child.send(CTRL_D)
    child.expect_exact("waiting for the start of 1 session")
    child.send(CTRL_C)
    assert ended(child) == 130
