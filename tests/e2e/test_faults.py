"""Clients that die, users that interrupt, engines that are not there: a clear word, and nothing half-made."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

    Started = Callable[[], list[dict[str, Any]]]

SECONDS = 60.0


def until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


def of_session(engine: DockerEngine) -> set[str]:
    containers = {one.id for one in engine.containers(labels={labels.SESSION: ""})}
    return containers | {one.id for one in engine.networks(labels={labels.SESSION: ""})}


def is_running(engine: DockerEngine, before: set[str]) -> bool:
    """Whether a session that was not there before is."""
    found = engine.containers(labels={labels.KIND: "session"})
    return any(one.status == "running" and one.id not in before for one in found)


def test_the_session_survives_its_client(toolkit: Toolkit, engine: DockerEngine, started: Started) -> None:
    before = of_session(engine)
    client = toolkit.start("remote", "sleep 1; echo finished", "--wait")
    until(lambda: is_running(engine, before), "a running container")
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    (session,) = [one["id"] for one in started()]
    assert toolkit.json("wait", session, "--timeout", "60s")["exit_code"] == 0
    assert toolkit("logs", session).stdout == "finished\n"
    toolkit("rm", session, "--yes")
    assert of_session(engine) == before


@pytest.mark.parametrize("seed", range(8))
def test_a_client_killed_at_a_random_moment_leaves_nothing_stuck(
    toolkit: Toolkit, engine: DockerEngine, started: Started, seed: int
) -> None:
    """Either a session that finishes, or leftovers that `doctor --fix` removes; never anything in between."""
    before = of_session(engine)
    client = toolkit.start("remote", "echo finished", "--wait")
    time.sleep(random.Random(seed).uniform(0.2, 1.6))
    os.killpg(client.pid, signal.SIGKILL)
    client.communicate()
    toolkit("doctor", "--fix", code=None)
    for session in started():
        assert toolkit.json("wait", session["id"], "--timeout", "60s")["exit_code"] == 0
        toolkit("rm", session["id"], "--yes")
    assert of_session(engine) == before


def test_doctor_never_touches_what_is_alive(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", "sleep 2; echo finished", "--detach")["session"]["id"]
    toolkit("doctor", "--fix", code=None)
    assert toolkit.json("wait", session)["exit_code"] == 0


@pytest.mark.parametrize("delay", [0.3, 0.7, 1.1])
def test_an_interrupt_undoes_or_leaves_a_whole_session(
    toolkit: Toolkit, engine: DockerEngine, started: Started, delay: float
) -> None:
    before = of_session(engine)
    client = toolkit.start("remote", "sleep 2", "--wait")
    time.sleep(delay)
    client.send_signal(signal.SIGINT)
    _, stderr = client.communicate(timeout=SECONDS)
    assert client.returncode == 130, stderr
    for session in started():
        assert session["id"] in stderr
        toolkit("wait", session["id"])
        toolkit("rm", session["id"], "--yes")
    assert of_session(engine) == before


def test_a_killed_runner_is_a_failed_session_with_a_reason(
    toolkit: Toolkit, engine: DockerEngine, started: Started
) -> None:
    session = toolkit.json("remote", "sleep 100", "--detach")["session"]
    until(lambda: started()[0]["state"] == "running", "the state running")
    engine.kill_container(session["container"])
    until(lambda: started()[0]["state"] == "failed", "the state failed")
    assert "ended without warning" in started()[0]["reason"]
    assert toolkit.json("resume", session["id"])["session"]["state"] == "idle"


def test_no_engine(toolkit: Toolkit, tmp_path: Path) -> None:
    lost = type(toolkit)(
        root=toolkit.root,
        cwd=toolkit.cwd,
        environment={**toolkit.environment, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"},
    )
    for words in (("remote", "true"), ("tasks",), ("up", "--yes"), ("logs", "x")):
        error = lost.json(*words, code=1)["error"]
        assert error["code"] == "engine", words
        assert "toolkit setup" in error["hint"]


def test_no_image_for_this_build(toolkit: Toolkit, tmp_path: Path) -> None:
    (tmp_path / "own" / "envs").mkdir(parents=True)
    text = "version: 1\nname: other\nnetwork: {access: none}\nimage: {packages: {apt: [tree]}}\n"
    (tmp_path / "own" / "envs" / "other.yaml").write_text(text)
    own = type(toolkit)(root=tmp_path / "own", cwd=toolkit.cwd, environment=toolkit.environment)
    error = own.json("remote", "true", code=1)["error"]
    assert error["code"] == "no-image"
    assert "toolkit up other" in error["hint"]


def test_unknown_environment(toolkit: Toolkit) -> None:
    error = toolkit.json("remote", "true", "--env", "defalt", code=1)["error"]
    assert "default" in error["hint"]


def test_no_repository_and_no_commits(toolkit: Toolkit, tmp_path: Path, engine: DockerEngine) -> None:
    before = of_session(engine)
    (tmp_path / "plain").mkdir()
    assert "not a git repository" in toolkit("remote", "true", "--repo", str(tmp_path / "plain"), code=1).stderr
    git(tmp_path / "plain", "init", "-q")
    assert "no commits yet" in toolkit("remote", "true", "--repo", str(tmp_path / "plain"), code=1).stderr
    assert of_session(engine) == before


def test_an_unreachable_remote_leaves_nothing(toolkit: Toolkit, tmp_path: Path, engine: DockerEngine) -> None:
    before = of_session(engine)
    for address in (f"file://{tmp_path}/none.git", "ssh://user:hunter2@127.0.0.1:1/none.git"):
        stderr = toolkit("remote", "true", "--repo", address, code=1).stderr
        assert "cannot clone" in stderr
        assert "hunter2" not in stderr
    assert of_session(engine) == before


def test_usage_errors(toolkit: Toolkit) -> None:
    assert toolkit("remote", code=2).stderr
    assert toolkit("remote", " ", code=2).stderr
    assert toolkit("remote", "true", "--detach", "--wait", code=2).stderr
    assert toolkit("remote", "true", "--agent", "nobody", code=2).stderr
    assert toolkit("wait", "x", "--timeout", "soon", code=2).stderr
