"""Clients that die, users that interrupt, engines that are not there: a clear word, and nothing half-made."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from tests.support.git import git
from toolkit.engines.base import EngineContainer, EngineNetwork
from toolkit.model import labels
from toolkit.sessions import ends, records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

    Started = Callable[[], list[dict[str, Any]]]

SECONDS = 60.0
MOMENTS = 50
INTERRUPTS = 16
AT_ONCE = 4
LEFT_ALONE = 10  # every tenth client
LONGEST_LAUNCH = 2.5  # seconds; with several at once most take about as long

KILL_THE_RUNNER = """
import os, pathlib
for one in pathlib.Path("/proc").glob("[0-9]*"):
    if (one / "cmdline").read_bytes().split(b"\\0")[1:4] == [b"-I", b"/opt/toolkit/runner", b"run"]:
        os.kill(int(one.name), 9)
"""

Made = TypeVar("Made", EngineContainer, EngineNetwork)


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


def test_clients_killed_at_random_moments_leave_nothing_stuck(toolkit: Toolkit, engine: DockerEngine) -> None:
    """Of each a whole session that finishes, or leftovers that a `doctor --fix` removes; never anything in between.

    Doctors are at work all the while: what the clients that still live are making must be no leftover to them.
    """
    over = threading.Event()

    def doctors() -> None:
        while not over.is_set():
            toolkit("doctor", "--fix", code=None)
            over.wait(0.5)

    doctor = threading.Thread(target=doctors)
    doctor.start()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = Counter(pool.map(partial(killed_client, toolkit, engine), range(MOMENTS)))
    finally:
        over.set()
        doctor.join(timeout=SECONDS)
    assert outcomes["a whole session"] >= MOMENTS // LEFT_ALONE, outcomes
    assert outcomes["nothing"] > 0, outcomes


def killed_client(toolkit: Toolkit, engine: DockerEngine, seed: int) -> str:
    """What was left of a client, in the end: some are left alone, the others killed anywhere between start and end."""
    client = toolkit.start("remote", "echo finished", "--wait")
    if seed % LEFT_ALONE:
        with suppress(subprocess.TimeoutExpired):
            client.wait(timeout=random.Random(seed).uniform(0.1, LONGEST_LAUNCH))
        with suppress(ProcessLookupError):
            os.killpg(client.pid, signal.SIGKILL)
    _, told = client.communicate(timeout=SECONDS)
    assert client.returncode in ({0, -signal.SIGKILL} if seed % LEFT_ALONE else {0}), (seed, told)
    settled: list[EngineContainer] = []

    def settles() -> bool:
        mine = made_by(client.pid, engine.containers(labels={labels.SESSION: ""}))
        settled[:] = [one for one in mine if one.labels[labels.KIND] == "session" and one.status == "running"]
        networks = made_by(client.pid, engine.networks(labels={labels.SESSION: ""}))
        return bool(settled) or not (mine or networks)

    until(settles, f"a whole session of seed {seed}, or nothing")
    for one in settled:
        until(partial(succeeds, engine, one.id), f"the end of the turn of seed {seed}")
        ends.remove(engine, one)
        until(settles, f"nothing left of seed {seed}")
        return "a whole session"
    return "nothing"


def made_by(pid: int, found: Sequence[Made]) -> list[Made]:
    """What carries the mark of the client of this process id."""
    return [one for one in found if one.labels.get(labels.LAUNCHER, "").split(":")[1:2] == [str(pid)]]


def succeeds(engine: DockerEngine, container: str) -> bool:
    session = records.by_container(engine, container)
    assert session.state in {"preparing", "running", "idle"}, session
    return session.exit_code == 0


def test_doctor_never_touches_what_is_alive(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", "sleep 2; echo finished", "--detach")["session"]["id"]
    toolkit("doctor", "--fix", code=None)
    assert toolkit.json("wait", session)["exit_code"] == 0


def test_interrupts_undo_or_leave_a_whole_session(toolkit: Toolkit, engine: DockerEngine) -> None:
    """Several at once, so that calls to the engine take long enough to be met on their way."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = Counter(pool.map(partial(interrupted_client, toolkit, engine), range(INTERRUPTS)))
    assert outcomes["nothing"] > 0, outcomes


def interrupted_client(toolkit: Toolkit, engine: DockerEngine, seed: int) -> str:
    """What is left when it has ended, with no doctor near."""
    client = toolkit.start("remote", "sleep 5", "--wait")
    time.sleep(random.Random(seed).uniform(0.3, LONGEST_LAUNCH))
    client.send_signal(signal.SIGINT)
    _, stderr = client.communicate(timeout=SECONDS)
    # what an interrupt meets while Python itself still starts ends by the signal, which a shell calls 130 as well
    assert client.returncode in {130, -signal.SIGINT}, (seed, stderr)
    containers = made_by(client.pid, engine.containers(labels={labels.SESSION: ""}))
    networks = made_by(client.pid, engine.networks(labels={labels.SESSION: ""}))
    whole = [one for one in containers if one.labels[labels.KIND] == "session"]
    if not whole:
        assert (containers, networks) == ([], []), (seed, stderr)
        return "nothing"
    assert whole[0].labels[labels.SESSION] in stderr
    until(partial(succeeds, engine, whole[0].id), f"the end of the turn of seed {seed}")
    ends.remove(engine, whole[0])
    return "a whole session"


def test_a_killed_runner_is_a_failed_session_with_a_reason(
    toolkit: Toolkit, engine: DockerEngine, started: Started
) -> None:
    session = toolkit.json("remote", "sleep 100", "--detach")["session"]
    until(lambda: started()[0]["state"] == "running", "the state running")
    engine.kill_container(session["container"])
    until(lambda: started()[0]["state"] == "failed", "the state failed")
    assert "ended without warning" in started()[0]["reason"]
    assert toolkit.json("resume", session["id"])["session"]["state"] == "idle"


def test_a_runner_killed_from_inside_is_one_too(toolkit: Toolkit, started: Started) -> None:
    session = toolkit.json("remote", "sleep 100", "--detach")["session"]["id"]
    until(lambda: started()[0]["state"] == "running", "the state running")
    toolkit("exec", session, "--", "python3", "-c", KILL_THE_RUNNER, code=None)
    until(lambda: started()[0]["state"] == "failed", "the state failed")
    assert toolkit.json("wait", session, code=1)["session"]["state"] == "failed"
    assert toolkit.json("resume", session)["session"]["state"] == "idle"
    toolkit("send", session, "echo again")
    assert toolkit.json("wait", session)["exit_code"] == 0


def test_a_killed_git_gateway_is_told_and_comes_back(
    toolkit: Toolkit, engine: DockerEngine, checkout: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "shop.git"
    git(checkout, "clone", "-q", "--bare", str(checkout), str(bare))
    session = toolkit.json("remote", "true", "--repo", f"file://{bare}", "--wait")["session"]["id"]
    (gateway,) = engine.containers(labels={labels.SESSION: session, labels.KIND: labels.GIT_GATEWAY_KIND})
    engine.kill_container(gateway.id)
    checks = {one["name"]: one for one in toolkit.json("doctor", "--fix", code=None)["checks"]}
    assert f"{session}: no way to its repository" in checks["gateways"]["detail"]
    assert f"toolkit stop {session} && toolkit resume {session}" in checks["gateways"]["fix"]
    toolkit("stop", session)
    assert toolkit.json("resume", session)["session"]["state"] == "idle"
    checks = {one["name"]: one for one in toolkit.json("doctor", code=None)["checks"]}
    assert session not in checks["gateways"]["detail"]
    toolkit("send", session, "echo work >work.txt; git add .; git commit -qm work")
    assert toolkit.json("wait", session)["exit_code"] == 0
    assert git(bare, "log", "-1", "--format=%s", f"session/{session}") == "work"


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
