"""`tasks --watch` on a terminal, in a pipe, and as JSON."""

from __future__ import annotations

import json
import queue
import signal
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import pexpect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit

SECONDS = 60.0


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


def test_a_pipe_gets_a_line_for_each_change(toolkit: Toolkit) -> None:
    first = toolkit.json("remote", "true", "--wait")["session"]["id"]
    with watching(toolkit) as follower:
        (*_, line) = follower.until(lambda one: first in one)
        assert line.split(" ", 2)[1:] == [first, "idle default true"]
        toolkit("send", first, "exit 3")
        follower.until(lambda one: f" {first} failed (3) " in one)
        toolkit("archive", first)
        follower.until(lambda one: f" {first} archived " in one)
        second = toolkit.json("remote", "true", "--wait")["session"]["id"]
        told = follower.until(lambda one: f" {second} idle " in one)
        assert not any(first in one for one in told)
        toolkit("rm", second, "--yes")
        follower.until(lambda one: f" {second} removed " in one)


def test_json_is_one_document_for_each_change(toolkit: Toolkit) -> None:
    with watching(toolkit, "--json", "--state", "idle") as follower:
        session = toolkit.json("remote", "true", "--wait")["session"]["id"]

        def told(kind: str) -> dict[str, Any]:
            (*_, line) = follower.until(lambda one: session in one and json.loads(one)["change"] == kind)
            document = json.loads(line)
            assert (document["version"], set(document)) == (1, {"version", "change", "session"})
            return dict(document["session"])

        (listed,) = [one for one in toolkit.json("tasks")["sessions"] if one["id"] == session]
        assert told("added") == listed
        toolkit("stop", session)
        assert told("left")["state"] == "stopped"
        toolkit("resume", session)
        assert told("added")["state"] == "idle"
        toolkit("rm", session, "--yes")
        assert told("removed")["id"] == session


def test_a_terminal_gets_a_table_that_stays_in_its_place(toolkit: Toolkit) -> None:
    program, *words = toolkit.argv("tasks", "--watch")
    session = toolkit.json("remote", "true", "--wait")["session"]["id"]
    with pexpect.spawn(
        program,
        words,
        cwd=str(toolkit.cwd),
        env={**toolkit.variables(), "TERM": "xterm"},
        timeout=SECONDS,
        encoding="utf-8",
        dimensions=(60, 160),
    ) as terminal:
        terminal.expect("ENVIRONMENT")
        terminal.expect(f"{session}.*idle")
        toolkit("stop", session)
        terminal.expect("\x1b\\[[0-9]*A")  # back up, over the table before
        terminal.expect(f"{session}.*stopped")
        terminal.sendintr()
        terminal.expect(pexpect.EOF)
        terminal.close()
        assert terminal.exitstatus == 130


def test_what_is_no_state_is_refused_at_once(toolkit: Toolkit) -> None:
    assert "did you mean 'running'?" in toolkit("tasks", "--watch", "--state", "runing", code=2).stderr
