"""An engine that is killed, a machine that loses its power: no session is lost, and every one says where it stands."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.own_engine import is_possible, own_engine
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit
    from tests.support.own_engine import OwnEngine
    from toolkit.engines.docker import DockerEngine


SECONDS = 60.0


@pytest.fixture(scope="module")
def machine(provisioned: Toolkit, engine: DockerEngine) -> Iterator[OwnEngine]:
    """An engine of its own with the provisioned images."""
    if not is_possible():
        assert os.environ.get("TOOLKIT_E2E") != "required", "needs root, dockerd, unshare and ip"
        pytest.skip("an engine of its own needs root, dockerd, unshare and ip")
    stack = provisioned.environment["TEST_STACK"]
    reference = provisioned.json("up", "--yes", "--stack", stack)["images"]["default"]["reference"]
    image = engine.image(reference)
    assert image is not None
    ours = engine.images(labels={labels.STACK: image.labels[labels.STACK]})
    folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/var/tmp"))
    try:
        with small_disk(folder / "data"), own_engine(folder) as made:
            made.take(engine, [tag for one in ours for tag in one.tags])
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_disk(place: Path) -> Iterator[None]:
    """Where the engine keeps all that it has."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", str(place)], check=True, timeout=SECONDS)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True, timeout=SECONDS)


@pytest.fixture
def there(toolkit: Toolkit, machine: OwnEngine) -> Toolkit:
    """The command line, on that engine."""
    environment = {**toolkit.environment, "DOCKER_HOST": machine.address}
    return type(toolkit)(root=toolkit.root, cwd=toolkit.cwd, environment=environment)


ENGINE = ("unshare ", "sh -c ", "dockerd ", "containerd ")

FAULTS = pytest.mark.parametrize("fault", ["kill", "power"])


def strike(machine: OwnEngine, fault: str) -> None:
    if fault == "kill":
        machine.kill()
    else:
        machine.cut_the_power()
        machine.switch_on()


@FAULTS
def test_no_session_is_lost_or_stuck(there: Toolkit, machine: OwnEngine, fault: str) -> None:
    working = there.json("remote", "echo begun; sleep 600", "--detach")["session"]["id"]
    resting = there.json("remote", "echo kept >kept.txt", "--wait")["session"]["id"]
    stopped = there.json("remote", "true", "--wait")["session"]["id"]
    there("stop", stopped)
    follower, launching = there.start("logs", "-f", working), there.start("remote", "sleep 1", "--wait")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "begun\n"
    strike(machine, fault)
    follower.communicate(timeout=60)
    launching.communicate(timeout=60)
    assert launching.returncode in {0, 1}
    rows = rows_of(there)
    for session in (working, resting):
        if fault == "power":
            assert rows[session]["state"] == "failed"
            assert "ended without warning" in rows[session]["reason"]
        else:  # an engine that is started again stops what it finds, as politely as it can
            assert rows[session]["state"] in {"failed", "stopped"}
            assert rows[session]["reason"]
    assert rows[stopped]["state"] == "stopped"
    assert {one["state"] for one in rows.values()} <= {"failed", "stopped", "preparing", "running", "idle"}
    assert there("logs", working).stdout == "begun\n"
    assert there.json("wait", working, code=1)["session"]["state"] == rows[working]["state"]
    there("doctor", "--fix", code=None)
    rows = rows_of(there)
    assert {working, resting, stopped} <= set(rows)
    for one in rows:
        assert there.json("resume", one)["session"]["state"] == "idle", one
    there("send", resting, "cat kept.txt")
    assert there.json("wait", resting)["exit_code"] == 0
    assert there("logs", resting).stdout == "kept\n"
    for one in rows:
        there("rm", one, "--yes", "--force")
    until(lambda: left(machine) == set(), lambda: left(machine))


@FAULTS
def test_what_was_being_made_is_removed_afterwards(there: Toolkit, machine: OwnEngine, fault: str) -> None:
    """The client dies as well, while its session's parts are being made."""
    clients = [there.start("remote", "true", "--wait") for _ in range(3)]
    until_some(machine.connect(), labels.GATEWAY_KIND)
    for one in clients:
        os.killpg(one.pid, signal.SIGKILL)
        one.communicate()
    strike(machine, fault)
    there("doctor", "--fix", code=None)
    for session in rows_of(there):  # those that had begun
        assert there.json("resume", session)["session"]["state"] == "idle"
        there("rm", session, "--yes", "--force")
    until(lambda: left(machine) == set(), lambda: left(machine))


def test_a_log_that_finds_no_room_holds_nobody(there: Toolkit, machine: OwnEngine) -> None:
    """The engine drops the line that says how the turn ended; what its runner wrote down inside still does."""
    # an event for each line, until not even such a small one fits on the log's last page
    lines = "for one in $(seq 80); do echo $one; sleep 0.02; done"
    task = f"echo begun; until [ -e go ]; do sleep 0.1; done; {lines}; exit 3"
    session = there.json("remote", task, "--detach")["session"]["id"]
    waiting, follower = there.start("wait", session, "--json"), there.start("logs", "-f", session)
    assert follower.stdout is not None
    assert follower.stdout.readline() == "begun\n"
    ballast = machine.folder / "data" / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 9):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    there("exec", session, "--", "touch", "go")
    told, _ = waiting.communicate(timeout=SECONDS)
    document = json.loads(told)
    assert (document["exit_code"], document["session"]["state"]) == (3, "failed")
    ballast.unlink()
    there("send", session, "echo again")
    assert there.json("wait", session)["exit_code"] == 0
    there("stop", session)
    followed, _ = follower.communicate(timeout=SECONDS)
    assert followed.endswith("again\n")
    after = there("logs", session)
    assert after.stdout.endswith("again\n")
    assert "are lost" in after.stderr
    there("rm", session, "--yes", "--force")


def rows_of(there: Toolkit) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in there.json("tasks", "--all")["sessions"]}


def until_some(engine: DockerEngine, kind: str) -> None:
    until(lambda: engine.containers(labels={labels.KIND: kind}), lambda: f"no {kind} was made")


def until(ready: Callable[[], object], what: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, what()
        time.sleep(0.01)


def left(machine: OwnEngine) -> set[str]:
    """Whatever carries a label of ours but the images that were there, and every process but the engine's own."""
    engine, ours = machine.connect(), {labels.KIND: ""}
    kept = {labels.IMAGE_KIND, labels.GATEWAY_KIND}  # nothing here has a setup script, so there is no snapshot
    return {
        *(one.name for one in engine.containers(labels=ours)),
        *(one.name for one in engine.networks(labels=ours)),
        *(one.name for one in engine.volumes(labels=ours)),
        *(one.id for one in engine.images(labels=ours) if one.labels[labels.KIND] not in kept),
        *(one for one in machine.processes() if not one.startswith(ENGINE)),
    }
