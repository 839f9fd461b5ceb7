"""What a killed run of these tests left on the engine goes when the next one begins; what lives stays."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import own_things
from toolkit.engines.base import ContainerRequest, NetworkRequest
from toolkit.model import labels
from toolkit.sessions import launcher, subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

_MARK = "from toolkit.sessions import launcher; print(launcher.mark())"


@pytest.fixture
def dead() -> str:
    """The mark of a run that is over."""
    argv = [sys.executable, "-c", _MARK]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


@pytest.fixture
def reference(provisioned: Toolkit) -> str:
    stack = provisioned.environment["TEST_STACK"]
    return str(provisioned.json("up", "--yes", "--stack", stack)["images"]["default"]["reference"])


@pytest.fixture
def network(engine: DockerEngine) -> Iterator[NetworkRequest]:
    """One that no engine has yet; afterwards none has it."""
    taken = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = subnets.choose(["10.214.0.0/16"], (*taken, *subnets.taken_by_host()))
    request = NetworkRequest(name="toolkit-test-own-things", subnet=str(subnet), labels={})
    yield request
    for one in engine.networks():
        if one.name == request.name:
            engine.remove_network(one.id)


@pytest.mark.parametrize("alive", [True, False])
def test_a_peer_goes_with_its_run(engine: DockerEngine, network: NetworkRequest, dead: str, *, alive: bool) -> None:
    mark = {labels.KIND: labels.TEST_KIND, labels.LAUNCHER: launcher.mark() if alive else dead}
    made = engine.create_network(NetworkRequest(name=network.name, subnet=network.subnet, labels=mark))
    own_things.remove_of_dead_runs(engine)
    assert (made in {one.id for one in engine.networks()}) is alive


@pytest.mark.parametrize("alive", [True, False])
def test_a_session_and_its_image_go_with_their_stack(
    engine: DockerEngine, dead: str, reference: str, *, alive: bool
) -> None:
    _, pid, start = dead.rsplit(":", 2)
    stack = own_things.new_stack() if alive else f"test-{pid}-{start}-0123abcd"
    made = {labels.STACK: f"{stack}-89abcdef"}
    first = engine.create_container(ContainerRequest(name="", image=reference, command=["true"], labels={}))
    image = engine.commit(first, reference="toolkit.local/own-things:one", labels=made)
    engine.remove_container(first)
    session = {labels.KIND: "session", labels.SESSION: "calm-otter-3f9a"}
    engine.create_container(ContainerRequest(name="", image=image, command=["true"], labels=session))
    own_things.remove_of_dead_runs(engine)
    left = engine.containers(labels={labels.SESSION: "calm-otter-3f9a"})
    try:
        assert (bool(left), engine.image(image) is not None) == (alive, alive)
    finally:
        for one in left:
            engine.remove_container(one.id)
        engine.remove_image("toolkit.local/own-things:one")
