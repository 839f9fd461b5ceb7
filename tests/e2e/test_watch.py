"""`tasks --watch` on a terminal, in a pipe, and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pexpect

from tests.support.watching import SECONDS, watching

if TYPE_CHECKING:
    from tests.support.cli import Toolkit


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
