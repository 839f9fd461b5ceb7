"""People at their terminals: joined to a turn, several at once, and commands beside it."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pexpect
import pytest

from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

    Terminal = Callable[..., pexpect.spawn[str]]

SECONDS = 60.0
LEAVE = "\x10\x11"
ECHOES = 'echo begun; while read -r line; do echo "got $line"; [ "$line" = end ] && exit 0; done'


@pytest.fixture
def terminal(toolkit: Toolkit) -> Iterator[Terminal]:
    """Starts the command line on a terminal of its own, 24 by 80."""
    open_ones: list[pexpect.spawn[str]] = []

    def start(*words: str) -> pexpect.spawn[str]:
        child = pexpect.spawn(
            sys.executable,
            toolkit.argv(*words)[1:],
            env={**toolkit.variables(), "TERM": "xterm"},
            cwd=str(toolkit.cwd),
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(24, 80),
        )
        open_ones.append(child)
        return child

    yield start
    for one in open_ones:
        one.close(force=True)


def exit_of(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


def until(ready: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.05)


def test_several_see_and_type_into_one_turn_and_leave_it_running(toolkit: Toolkit, terminal: Terminal) -> None:
    session = toolkit.json("remote", ECHOES, "--detach")["session"]["id"]
    first, second = (terminal("attach", session) for _ in range(2))
    for one in (first, second):
        one.expect_exact("begun")  # said before they came
    first.send("one\r")
    for one in (first, second):
        one.expect_exact("got one")
    first.send(LEAVE)
    assert exit_of(first) == 0
    second.send("two\r")
    second.expect_exact("got two")
    second.send("\x03")  # leaves as well, and interrupts nothing
    assert exit_of(second) == 0
    assert state_of(toolkit, session) == "running"
    lost = terminal("attach", session)
    lost.expect_exact("got two")
    lost.send("three")
    lost.expect_exact("three")  # the session has it
    lost.send("\r")
    lost.expect_exact("\r\n")
    lost.kill(signal.SIGKILL)
    until(lambda: "got three" in toolkit("logs", session).stdout, "what was typed before the client died")
    assert state_of(toolkit, session) == "running"
    last = terminal("attach", session)
    last.expect_exact("got three")
    last.send("end\r")
    last.expect_exact("ended with exit code 0")
    last.send(LEAVE)
    assert exit_of(last) == 0
    assert toolkit("logs", session).stdout == "begun\ngot one\ngot two\ngot three\ngot end\n"


def state_of(toolkit: Toolkit, session: str) -> str:
    return next(str(one["state"]) for one in toolkit.json("tasks")["sessions"] if one["id"] == session)


def test_the_end_of_the_input_can_be_typed(toolkit: Toolkit, terminal: Terminal) -> None:
    session = toolkit.json("remote", "echo begun; cat; echo over", "--detach")["session"]["id"]
    child = terminal("attach", session)
    child.expect_exact("begun")
    child.send("last words\r\x04")
    child.expect_exact("over")
    assert toolkit.json("wait", session)["exit_code"] == 0
    assert toolkit("logs", session).stdout == "begun\nlast words\nover\n"


def test_exec_gives_the_command_a_terminal(toolkit: Toolkit, terminal: Terminal) -> None:
    session = toolkit.json("remote", "true", "--wait")["session"]["id"]
    child = terminal("exec", session, "--", "bash", "--norc")
    child.sendline("test -t 0 && test -t 1 && echo terminal $TERM at $(stty size)")
    child.expect_exact("terminal xterm at 24 80")
    child.setwinsize(40, 100)
    child.sendline('until [ "$(stty size)" = "40 100" ]; do sleep 0.05; done; echo "re"sized')
    child.expect_exact("resized")
    child.sendline('echo "slee"ping; sleep 600')
    child.expect_exact("sleeping")
    child.send("\x03")
    child.sendline('echo "code $?"')
    child.expect_exact("code 130")
    child.sendline("exit 7")
    assert exit_of(child) == 7


def test_what_is_sent_while_a_session_is_being_made_is_kept(toolkit: Toolkit, engine: DockerEngine) -> None:
    """Its client is held between making the session and starting it."""
    before = {one.id for one in engine.containers(labels={labels.KIND: "session"})}
    client = toolkit.start("remote", "echo one", "--detach")
    made = ""
    deadline = time.monotonic() + SECONDS
    while not made:
        assert time.monotonic() < deadline, "no session was made"
        for one in engine.containers(labels={labels.KIND: "session"}):
            if one.id not in before:
                os.killpg(client.pid, signal.SIGSTOP)
                made = one.labels[labels.SESSION]
    try:
        toolkit("send", made, "echo two")
        toolkit("send", made, "echo three")
    finally:
        os.killpg(client.pid, signal.SIGCONT)
    assert client.communicate(timeout=SECONDS)[0].strip() == made
    until(lambda: "three" in toolkit("logs", made).stdout, "the turns")
    assert toolkit("logs", made).stdout == "one\ntwo\nthree\n"
