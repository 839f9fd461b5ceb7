"""SessionStart hooks, what they set for later commands, joining a turn, and what a session's tools are."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit

SECONDS = 60.0
DECLARATION = """version: 1
name: default
network: {access: none}
hooks:
  session_start:
    - {command: 'echo "export FROM_HOOK=set" >> "$TOOLKIT_ENV_FILE"; echo told'}
    - {matcher: resume, command: 'echo resumed > /tmp/resumed'}
"""


def until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"not in time: {what}"


@pytest.fixture
def hooked(toolkit: Toolkit, started: Callable[[], list[dict[str, Any]]]) -> Iterator[Toolkit]:
    path = toolkit.root / "envs" / "default.yaml"
    before = path.read_text()
    path.write_text(DECLARATION)
    yield toolkit
    for one in started():
        toolkit("rm", one["id"], "--yes", "--force")
    path.write_text(before)


def test_hooks_of_both_kinds_and_what_they_leave(hooked: Toolkit, checkout: Path) -> None:
    (checkout / ".claude").mkdir()
    settings = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "echo repo > /tmp/repo"}]}]}}
    (checkout / ".claude" / "settings.json").write_text(json.dumps(settings))
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "hooks")
    done = hooked("remote", 'echo "$FROM_HOOK"; cat "$TOOLKIT_CONTEXT_FILE" /tmp/repo', "--wait")
    assert done.stdout == "set\ntoldrepo\n"
    session = hooked.json("tasks")["sessions"][0]["id"]
    assert hooked("exec", session, "--", "sh", "-c", "echo $FROM_HOOK").stdout == "set\n"
    assert hooked("exec", session, "--", "ls", "/tmp/resumed", code=2).stdout == ""
    hooked("stop", session)
    hooked("resume", session)
    assert hooked("exec", session, "--", "cat", "/tmp/resumed").stdout == "resumed\n"


def test_a_joined_client_sees_the_turn_and_types_into_it(hooked: Toolkit) -> None:
    session = hooked.json("remote", 'read line; echo "got $line"', "--detach")["session"]["id"]
    for _ in range(200):
        if hooked.json("tasks")["sessions"][0]["state"] == "running":
            break
    joined = subprocess.run(
        hooked.argv("attach", session),
        env=hooked.variables(),
        cwd=hooked.cwd,
        input="typed\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "got typed" in joined.stdout, joined.stderr
    assert hooked.json("wait", session)["exit_code"] == 0


def test_what_is_typed_before_the_turn_begins_reaches_it(hooked: Toolkit) -> None:
    path = hooked.root / "envs" / "default.yaml"
    path.write_text(
        "version: 1\nname: default\nnetwork: {access: none}\nhooks: {session_start: [{command: sleep 3}]}\n"
    )
    session = hooked.json("remote", 'read -r -t 30 line; echo "got $line"', "--detach")["session"]["id"]
    joined = hooked("attach", session, stdin="early\n")
    assert "got early" in joined.stdout, joined.stderr
    assert "no turn is running" not in joined.stderr


def test_what_ends_the_client_of_exec_ends_its_command(hooked: Toolkit) -> None:
    session = hooked.json("remote", "true", "--wait")["session"]["id"]
    task = 'trap "echo trapped > /tmp/trapped; exit 9" TERM; touch /tmp/ready; while :; do sleep 0.1; done'
    client = hooked.start("exec", session, "--", "bash", "-c", task)
    until(lambda: hooked("exec", session, "--", "test", "-e", "/tmp/ready", code=None).returncode == 0, "ready")
    client.terminate()
    client.communicate(timeout=60)
    assert client.returncode == 9
    assert hooked("exec", session, "--", "cat", "/tmp/trapped").stdout == "trapped\n"


def test_tasks_tells_a_running_turn_that_prints_and_output_from_the_background(hooked: Toolkit) -> None:
    busy = hooked.json("remote", "while :; do echo line; sleep 0.01; done", "--detach")["session"]["id"]
    late = hooked.json("remote", "(while :; do echo late; sleep 0.1; done) & true", "--wait")["session"]["id"]
    until(lambda: states(hooked)[busy] == ("running", None, 1), "the state running")
    for _ in range(5):
        assert states(hooked)[late] == ("idle", 0, 1)


def states(toolkit: Toolkit) -> dict[str, tuple[str, int | None, int]]:
    rows = toolkit.json("tasks")["sessions"]
    assert all(row["started"] for row in rows)
    return {row["id"]: (row["state"], row["exit_code"], row["turns"]) for row in rows}


def test_turns_that_are_sent_meanwhile_come_in_their_order(hooked: Toolkit) -> None:
    session = hooked.json("remote", "sleep 1; echo one", "--detach")["session"]["id"]
    hooked("send", session, "echo two")
    hooked("send", session, "echo three")
    for _ in range(100):
        if hooked.json("tasks")["sessions"][0]["turns"] == 3:
            break
    hooked("wait", session)
    assert hooked("logs", session).stdout == "one\ntwo\nthree\n"


def test_exec_passes_exit_codes_and_what_is_not_there(hooked: Toolkit) -> None:
    session = hooked.json("remote", "true", "--wait")["session"]["id"]
    assert hooked("exec", session, "--", "sh", "-c", "exit 7", code=7).stdout == ""
    assert "not found in the session" in hooked("exec", session, "--", "no-such-program", code=127).stderr
    assert "python3" in hooked("exec", session, "--", "check-tools").stdout
