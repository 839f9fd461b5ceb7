"""A gateway whose way out disappears while it joins it: somebody has just removed the last gateway before it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import own_things
from toolkit.engines.base import ContainerRequest, NetworkRequest
from toolkit.errors import EngineError
from toolkit.sessions import subnets
from toolkit.sessions.addresses import SessionAddresses
from toolkit.sessions.gateway_start import GatewayStart, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine


@pytest.fixture
def network(engine: DockerEngine) -> Iterator[Callable[[], str]]:
    """Makes a network and returns its id; all of them are gone afterwards."""
    made: list[str] = []

    def make() -> str:
        taken = subnets.taken_by_networks(one for found in engine.networks() for one in found.subnets)
        subnet = subnets.choose(["10.214.0.0/16"], (*taken, *subnets.taken_by_host()))
        request = NetworkRequest(
            name=f"{own_things.new_stack()}-outer", subnet=str(subnet), labels=own_things.marks(), internal=False
        )
        made.append(engine.create_network(request))
        return made[-1]

    yield make
    for one in made:
        engine.remove_network(one)


class LosingEngine:
    """The engine; but as often as `times` says, somebody removes the network that a container has just joined."""

    def __init__(self, engine: DockerEngine, *, times: int) -> None:
        self._engine = engine
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def connect_network(self, network: str, container: str) -> None:
        self._engine.connect_network(network, container)
        if self._times:
            self._times -= 1
            self._engine.remove_network(network)


@pytest.mark.parametrize(("times", "starts"), [(0, True), (1, True), (2, True), (5, False)])
def test_a_gateway_whose_way_out_is_removed_while_it_joins_it(
    provisioned: Toolkit, engine: DockerEngine, network: Callable[[], str], *, times: int, starts: bool
) -> None:
    stack = provisioned.environment["TEST_STACK"]
    image = provisioned.json("up", "--yes", "--stack", stack)["images"]["default"]["reference"]
    losing: Any = LosingEngine(engine, times=times)
    inner, made = network(), list[str]()

    def make() -> str:
        name = f"{own_things.new_stack()}-gateway"
        request = ContainerRequest(
            name=name, image=image, command=["sleep", "600"], labels=own_things.marks(), network=inner
        )
        made.append(engine.create_container(request))
        return made[-1]

    addresses = SessionAddresses.of(IPv4Network("192.0.2.0/29"))
    at = GatewayStart(session="", launcher="", network=inner, addresses=addresses, outer=lambda _gone: network())
    try:
        if starts:
            found = engine.container(started(losing, at, make))
            assert found is not None
            assert found.status == "running"
        else:
            with pytest.raises(EngineError, match="5 times"):
                started(losing, at, make)
    finally:
        for one in made:
            engine.remove_container(one)
    assert len(made) == min(times + 1, 5)
