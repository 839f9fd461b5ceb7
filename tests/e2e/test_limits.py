"""What ends a session or its turn by itself: each limit with its reason, and no client anywhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import Toolkit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 90.0
MEMORY = "python3 -c 'b = bytearray(2 << 30)'"
FORKS = """python3 -c '
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
'"""


def row(toolkit: Toolkit, session: str) -> dict[str, Any]:
    return next(one for one in toolkit.json("tasks", "--all")["sessions"] if one["id"] == session)


def until(toolkit: Toolkit, session: str, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while (found := row(toolkit, session))["state"] != state:
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


@pytest.mark.parametrize(
    ("task", "reason"),
    [(MEMORY, "out of memory: resources.memory"), (FORKS, "too many processes: resources.pids is 200")],
    ids=["memory", "forks"],
)
def test_a_limit_ends_the_turn_and_is_named(toolkit: Toolkit, task: str, reason: str) -> None:
    document = toolkit.json("remote", task, "--wait", code=1)
    session = document["session"]["id"]
    assert reason in document["reason"]
    assert document["exit_code"] == 137
    found = row(toolkit, session)
    assert (found["state"], found["exit_code"]) == ("failed", 137)
    assert reason in found["reason"]
    toolkit("send", session, "echo again")
    assert toolkit.json("wait", session)["exit_code"] == 0, "the session is there for the next turn"
    assert row(toolkit, session)["reason"] == ""


@pytest.fixture
def limited(toolkit: Toolkit, tmp_path: Path) -> Callable[[str], Toolkit]:
    """The same image with other limits on the session's life."""

    def declared(text: str) -> Toolkit:
        (tmp_path / "own" / "envs").mkdir(parents=True)
        whole = (toolkit.root / "envs" / "default.yaml").read_text()
        (tmp_path / "own" / "envs" / "default.yaml").write_text(f"{whole}{text}\n")
        return Toolkit(root=tmp_path / "own", cwd=toolkit.cwd, environment=toolkit.environment)

    return declared


def test_idle_for_too_long_it_ends_by_itself(limited: Callable[[str], Toolkit]) -> None:
    own = limited("session: {idle_timeout: 1s}")
    session = own.json("remote", "true", "--wait")["session"]["id"]
    assert until(own, session, "completed")["reason"] == "idle for too long"
    assert own.json("resume", session)["session"]["state"] in {"idle", "completed"}


def test_too_old_it_ends_by_itself_in_the_middle_of_a_turn(limited: Callable[[str], Toolkit]) -> None:
    own = limited("session: {max_age: 6s}")
    session = own.json("remote", "echo kept >kept.txt; sleep 600", "--detach")["session"]["id"]
    assert until(own, session, "expired")["reason"] == "reached its maximum age"
    assert "toolkit resume" in own("exec", session, "--", "true", code=1).stderr


def test_a_disk_limit_that_cannot_hold_is_said(limited: Callable[[str], Toolkit]) -> None:
    own = limited("")
    path = own.root / "envs" / "default.yaml"
    path.write_text(path.read_text().replace("pids: 200", "pids: 200, disk: 5g"))
    started = own("remote", "true", "--wait")
    checks = {one["name"]: one for one in own.json("doctor", code=None)["checks"]}
    held = checks["disk limits"]["status"] == "ok"
    assert ("resources.disk does not hold" in started.stderr) is not held
    assert "resources.disk of default" in checks["disk limits"]["detail"]
