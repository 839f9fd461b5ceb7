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


def command(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "command", "command": text, **more}


def committed(checkout: Path, *groups: dict[str, Any]) -> None:
    """The repository's settings file with these hooks."""
    (checkout / ".claude").mkdir()
    (checkout / ".claude" / "settings.json").write_text(json.dumps({"hooks": {"SessionStart": list(groups)}}))
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "hooks")


def events(toolkit: Toolkit, session: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in toolkit("logs", session, "--json").stdout.splitlines()]


def finished(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Command → how it ended."""
    return {one["command"]: one for one in found if one["type"] == "hook-finished"}


def test_hooks_of_both_kinds_and_what_they_leave(hooked: Toolkit, checkout: Path) -> None:
    committed(checkout, {"hooks": [command("echo repo > /tmp/repo")]})
    task = 'echo "$FROM_HOOK"; cat "$TOOLKIT_CONTEXT_FILE" /tmp/repo'
    session = hooked.json("remote", task, "--wait")["session"]["id"]
    assert hooked("logs", session).stdout == "set\ntoldrepo\n"
    assert hooked("exec", session, "--", "sh", "-c", "echo $FROM_HOOK").stdout == "set\n"
    assert hooked("exec", session, "--", "ls", "/tmp/resumed", code=2).stdout == ""
    hooked("stop", session)
    hooked("resume", session)
    assert hooked("exec", session, "--", "cat", "/tmp/resumed").stdout == "resumed\n"


def test_which_hooks_a_start_and_a_resume_call(hooked: Toolkit, checkout: Path) -> None:
    both = ("", "*", "startup|resume", "startup, resume", "s.*u")
    called = {
        "startup": {"startup", "^start", *both},
        "resume": {"resume", "sume$", *both},
    }
    never = {"start", "clear, compact", "fork", "("}
    matchers = called["startup"] | called["resume"] | never
    committed(checkout, *({"matcher": one, "hooks": [command(f"true '{one}'")]} for one in sorted(matchers)))
    session = hooked.json("remote", "true", "--wait")["session"]["id"]
    hooked("stop", session)
    hooked("resume", session)
    found = events(hooked, session)
    starts = [at for at, one in enumerate(found) if one["type"] == "session-started"]
    for source, part in zip(called, (found[: starts[1]], found[starts[1] :]), strict=True):
        ran = {one.removeprefix("true '").removesuffix("'") for one in finished(part) if one.startswith("true '")}
        assert ran == called[source]


def test_what_hooks_say_and_how_they_end(hooked: Toolkit, checkout: Path) -> None:
    """Nothing that one of them does keeps the agent from its work."""
    said = {
        "hookSpecificOutput": {
            "hookEventName": "SessionStart",
            "additionalContext": "c" * 12_000,
            "initialUserMessage": "not for a shell",
            "sessionTitle": "Mend the shop",
        },
        "systemMessage": "s" * 12_000,
    }
    (checkout / "said.json").write_text(json.dumps(said))
    names = {
        "long": "python3 -c 'print(\"p\" * 12000)'",
        "json": "cat said.json",
        "half": "echo '{half'",
        "shown": "echo shown >&2; exit 2",
        "why": "echo why >&2; echo more >&2; exit 3",
        "slow": "echo lost; sleep 600 & echo $! > /tmp/child; wait",
        "late": "while [ ! -e /tmp/go ]; do sleep 0.1; done; echo late > /tmp/late",
        "args": "/bin/echo",
    }
    more: dict[str, dict[str, Any]] = {"slow": {"timeout": 1}, "late": {"async": True}, "args": {"args": ["one word"]}}
    committed(checkout, {"hooks": [command(text, **more.get(name, {})) for name, text in names.items()]})
    task = 'touch /tmp/go; cat "$TOOLKIT_CONTEXT_FILE"'
    session = hooked.json("remote", task, "--wait")["session"]["id"]
    context = "\n\n".join(["told", "p" * 10_000, "c" * 10_000, "{half", "one word"])
    assert hooked("logs", session).stdout == context

    found = finished(events(hooked, session))
    assert found[names["long"]]["context"] == "p" * 10_000
    assert found[names["json"]]["message"] == "s" * 10_000
    assert found[names["json"]]["title"] == "Mend the shop"
    assert (found[names["shown"]]["exit_code"], found[names["shown"]]["message"]) == (2, "shown")
    assert found[names["why"]]["message"] == "Failed with non-blocking status code: why"
    assert found[names["why"]]["log"] == "why\nmore\n"
    assert (found[names["slow"]]["exit_code"], found[names["slow"]]["context"]) == (None, "")
    assert "cancelled after 1 s" in found[names["slow"]]["message"]
    assert (found[names["late"]]["exit_code"], found[names["late"]]["seconds"]) == (None, 0)
    shown = hooked("logs", session).stderr
    assert all(one in shown for one in ("── title: Mend the shop", ": shown", "status code: why", "cancelled after"))
    until(lambda: hooked("exec", session, "--", "test", "-e", "/tmp/late", code=None).returncode == 0, "the late one")
    gone = 'test ! -e "/proc/$(cat /tmp/child)" || grep -q "^State:.Z" "/proc/$(cat /tmp/child)/status"'
    hooked("exec", session, "--", "sh", "-c", gone)


def test_a_hook_can_end_the_session(hooked: Toolkit, checkout: Path) -> None:
    stop = json.dumps({"continue": False, "stopReason": "the shop is closed"})
    committed(checkout, {"hooks": [command(f"echo '{stop}'")]})
    session = hooked.json("remote", "echo never", "--wait", code=1)["session"]["id"]
    assert "the shop is closed" in hooked("logs", session).stderr
    assert hooked("logs", session).stdout == ""
    assert states(hooked)[session][0] == "failed"


def test_a_joined_client_sees_the_turn_and_types_into_it(hooked: Toolkit) -> None:
    session = hooked.json("remote", 'read line; echo "got $line"', "--detach")["session"]["id"]
    until(lambda: states(hooked)[session][0] == "running", "the turn")
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
    assert all(row["started"] for row in rows if row["turns"])
    return {row["id"]: (row["state"], row["exit_code"], row["turns"]) for row in rows}


def test_turns_that_are_sent_meanwhile_come_in_their_order(hooked: Toolkit) -> None:
    session = hooked.json("remote", "sleep 1; echo one", "--detach")["session"]["id"]
    hooked("send", session, "echo two")
    hooked("send", session, "echo three")
    until(lambda: states(hooked)[session] == ("idle", 0, 3), "the third turn")
    assert hooked("logs", session).stdout == "one\ntwo\nthree\n"


def test_exec_passes_exit_codes_and_what_is_not_there(hooked: Toolkit) -> None:
    session = hooked.json("remote", "true", "--wait")["session"]["id"]
    assert hooked("exec", session, "--", "sh", "-c", "exit 7", code=7).stdout == ""
    assert "not found in the session" in hooked("exec", session, "--", "no-such-program", code=127).stderr
    assert "python3" in hooked("exec", session, "--", "check-tools").stdout
