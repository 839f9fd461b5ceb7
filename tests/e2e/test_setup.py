"""`toolkit setup` on this machine: from what is missing to “found”, with caches and settings of the test's own."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cli import Toolkit
from toolkit.engines.base import ContainerRequest
from toolkit.model import labels
from toolkit.provision import base_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from toolkit.engines.docker import DockerEngine

BASE = "debian:12-slim"
DECLARATION = "version: 1\nname: default\nnetwork: {access: none}\nimage: {base: %s}\n"
INTERRUPTED = 130


@pytest.fixture
def fresh(tmp_path: Path) -> Toolkit:
    """A new root, with settings, state and Pulumi's plugins of its own."""
    root = tmp_path / "root"
    (root / "envs").mkdir(parents=True)
    (root / "envs" / "default.yaml").write_text(DECLARATION % "debian:bookworm-slim")
    places = {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "PULUMI_HOME")}
    return Toolkit(root=root, cwd=root, environment=places)


@pytest.fixture
def other_base(engine: DockerEngine) -> Iterator[str]:
    """A base that the engine does not have, before and after."""
    names = (BASE, base_image.stand_in(BASE))
    if any(engine.image(name) for name in names):
        pytest.fail(f"{BASE} is in the engine already: left by another run? 'docker rmi' removes it")
    yield BASE
    for name in names:
        engine.remove_image(name)


def statuses(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Step → its status and the first word of its detail."""
    return {one["name"]: (one["status"], one["detail"].split(":")[0]) for one in document["checks"]}


def until(true: Callable[[], bool], *, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not come true in time"
        threading.Event().wait(0.05)


def test_what_is_missing_is_installed_once(fresh: Toolkit) -> None:
    before = statuses(fresh.json("setup", "--check", code=1))
    assert before["engine"] == ("ok", "found")
    assert before["docker plugin"] == ("fail", "needs you")
    first = statuses(fresh.json("setup"))
    assert {status for status, _word in first.values()} == {"ok"}
    assert first["docker plugin"] == ("ok", "installed")
    second = statuses(fresh.json("setup"))
    assert set(second.values()) == {("ok", "found")}
    assert statuses(fresh.json("setup", "--check")) == second
    assert {status for status, _word in statuses(fresh.json("doctor")).values()} <= {"ok", "warn"}


def test_a_base_that_is_missing_is_provided(fresh: Toolkit, engine: DockerEngine, other_base: str) -> None:
    (fresh.root / "envs" / "default.yaml").write_text(DECLARATION % other_base)
    assert statuses(fresh.json("setup", "--check", code=1))["base image"] == ("fail", "needs you")
    assert statuses(fresh.json("setup"))["base image"] == ("ok", "installed")
    made = base_image.resolve(other_base, engine)
    assert made is not None
    if not made.bootstrapped:
        return  # a registry gave it: what is in it is not ours to promise
    image = engine.image(made.reference)
    assert image is not None
    assert image.labels[labels.BOOTSTRAPPED] == "true"
    assert image.labels[labels.BASE] == other_base
    proof = "python3 -c 'import json, ssl' && git --version && test -s /etc/ssl/certs/ca-certificates.crt"
    identity = engine.create_container(
        ContainerRequest(
            name=f"toolkit-test-{os.getpid()}",
            image=made.reference,
            command=("bash", "-c", proof),
            labels={labels.KIND: "probe"},
        )
    )
    try:
        engine.start_container(identity)
        assert engine.wait_container(identity, timeout=60) == 0
    finally:
        engine.remove_container(identity)


def test_an_interrupted_installation_leaves_nothing(fresh: Toolkit, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    own = Toolkit(
        root=fresh.root,
        cwd=fresh.cwd,
        environment={**fresh.environment, "XDG_CACHE_HOME": str(cache), "PATH": path_without("pulumi")},
    )
    child = own.start("setup")
    try:
        until(lambda: any((cache / "toolkit" / "pulumi").glob(".staging-*")))
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
    finally:
        child.kill()
        child.wait(timeout=10)
    assert child.returncode == INTERRUPTED
    assert [path.name for path in (cache / "toolkit" / "pulumi").iterdir()] == ["3.259.0.lock"]
    assert statuses(own.json("setup", "--check", code=1))["pulumi"] == ("fail", "needs you")


def path_without(program: str) -> str:
    """PATH without the folders that hold it."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(one for one in folders if shutil.which(program, path=one) is None)
