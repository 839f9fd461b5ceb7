"""What doctor removes, and what it must not: containers and networks as an engine lists them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import pytest

from toolkit.engines.base import EngineContainer, EngineNetwork, EngineVolume
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.sessions import launcher, leftovers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.engines.base import Engine

DEAD, ALIVE = "dead", "alive"


@dataclass
class FakeListing:
    """The lists that are looked at, and what is removed; of `starting`, a request to start is still on its way."""

    there: list[EngineContainer] = field(default_factory=list)
    nets: list[EngineNetwork] = field(default_factory=list)
    kept: list[EngineVolume] = field(default_factory=list)
    starting: str = ""
    removed: list[str] = field(default_factory=list)

    def container(self, identity: str) -> EngineContainer | None:
        return next((one for one in self.there if one.id == identity), None)

    def remove_container(self, identity: str, *, force: bool = True) -> None:
        if identity == self.starting:
            self.there = [replace(one, status="running") if one.id == identity else one for one in self.there]
            if not force:
                raise EngineError("the engine refused: you cannot remove a running container")
        self.removed.append(identity)

    def remove_network(self, identity: str) -> None:
        self.removed.append(identity)

    def containers(self, *, labels: Mapping[str, str]) -> list[EngineContainer]:
        return [one for one in self.there if _carries(one.labels, labels)]

    def networks(self, *, labels: Mapping[str, str]) -> list[EngineNetwork]:
        return [one for one in self.nets if _carries(one.labels, labels)]

    def volumes(self, *, labels: Mapping[str, str]) -> list[EngineVolume]:
        return [one for one in self.kept if _carries(one.labels, labels)]


def _carries(own: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    return all(key in own and value in {"", own[key]} for key, value in wanted.items())


@pytest.fixture(autouse=True)
def _makers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "is_gone", lambda mark: mark == DEAD)


def container(kind: str, session: str, status: str, maker: str = DEAD) -> EngineContainer:
    own = {labels.KIND: kind, labels.SESSION: session, labels.LAUNCHER: maker}
    name = f"{session}-{kind}"
    return EngineContainer(id=name, name=name, image="i", status=status, labels=own, created="")


def network(session: str, maker: str = DEAD) -> EngineNetwork:
    own = {labels.KIND: "network", labels.SESSION: session, labels.LAUNCHER: maker}
    return EngineNetwork(id=f"{session}-net", name=f"{session}-net", subnets=(), labels=own)


def found(
    *containers: EngineContainer,
    networks: tuple[EngineNetwork, ...] = (),
    volumes: tuple[EngineVolume, ...] = (),
) -> set[str]:
    engine = cast("Engine", FakeListing(list(containers), list(networks), list(volumes)))
    return {one.identity for one in leftovers.find(engine) if one.kind != "folder"}


def test_a_running_session_keeps_all_that_is_its_own() -> None:
    running = container("session", "a", "running")
    assert found(running, container("gateway", "a", "running"), networks=(network("a"),)) == set()
    assert found(running, container("gateway", "a", "created"), networks=(network("a"),)) == set()


def test_a_stopped_session_is_no_leftover() -> None:
    assert (
        found(container("session", "a", "exited"), container("gateway", "a", "exited"), networks=(network("a"),))
        == set()
    )


def test_a_launch_that_was_cut_off_goes_with_all_its_parts() -> None:
    parts = (container("session", "a", "created"), container("gateway", "a", "running"))
    assert found(*parts, networks=(network("a"),)) == {"a-session", "a-gateway", "a-net"}
    assert found(container("gateway", "a", "running"), networks=(network("a"),)) == {"a-gateway", "a-net"}


def test_a_session_that_begins_after_its_clients_death_keeps_all_its_parts() -> None:
    """The request to start it was the last thing that its client sent."""
    parts = [container("gateway", "a", "running"), container("session", "a", "created")]
    others = [container("session", "b", "created"), container("gateway", "b", "created")]
    engine = FakeListing([*parts, *others], [network("a"), network("b")], starting="a-session")
    found = leftovers.find(cast("Engine", engine))
    gone = {one.identity for one in leftovers.remove(cast("Engine", engine), found)}
    assert gone == set(engine.removed) == {"b-session", "b-gateway", "b-net"}


def test_what_cannot_be_removed_is_told() -> None:
    class FakeRefusal(FakeListing):
        def remove_container(self, identity: str, *, force: bool = True) -> None:
            raise EngineError(f"the engine refused: {identity} {force}")

    engine = cast("Engine", FakeRefusal([container("session", "a", "created")]))
    with pytest.raises(EngineError, match="a-session False"):
        list(leftovers.remove(engine, leftovers.find(engine)))


def test_what_a_living_client_is_making_stays() -> None:
    parts = (container("session", "a", "created", ALIVE), container("gateway", "a", "running", ALIVE))
    assert found(*parts, networks=(network("a", ALIVE),)) == set()


def test_a_preparation_without_its_client_goes_whatever_it_does() -> None:
    parts = (container("prepare", "p", "running"), container("gateway", "p", "running"))
    assert found(*parts, networks=(network("p"),)) == {"p-prepare", "p-gateway", "p-net"}
    living = (container("prepare", "p", "running", ALIVE), container("gateway", "p", "running", ALIVE))
    assert found(*living, networks=(network("p", ALIVE),)) == set()


def test_a_verification_without_its_client_goes_with_its_outside() -> None:
    def parts(maker: str) -> tuple[EngineContainer, ...]:
        own = {labels.KIND: labels.TEST_KIND, labels.VERIFICATION: "verify-a", labels.LAUNCHER: maker}
        peer = EngineContainer(id="peer", name="peer", image="i", status="running", labels=own, created="")
        return (
            container("session", "verify-a", "running", maker),
            container("gateway", "verify-a", "running", maker),
            peer,
        )

    outside = {labels.KIND: labels.TEST_KIND, labels.VERIFICATION: "verify-a"}
    nets = (
        network("verify-a"),
        EngineNetwork(id="lab", name="lab", subnets=(), labels={**outside, labels.LAUNCHER: DEAD}),
    )
    whole = {"verify-a-session", "verify-a-gateway", "peer", "verify-a-net", "lab"}
    assert found(*parts(DEAD), networks=nets) == whole
    assert found(*parts(ALIVE)) == set()


def test_the_gateways_network_goes_when_nobody_could_want_it() -> None:
    """A client that dies may leave it without any gateway; one that is only made will want it."""
    bridge = EngineNetwork(id="bridge", name="bridge", subnets=(), labels={labels.KIND: labels.EGRESS_KIND})
    assert found(networks=(bridge,)) == {"bridge"}
    assert found(container("gateway", "a", "created", ALIVE), networks=(bridge,)) == set()
    assert found(container("git-gateway", "a", "exited", ALIVE), networks=(bridge,)) == set()


def test_the_mirror_of_a_verification_goes_with_it_and_no_other() -> None:
    def mirror(remote: str) -> EngineVolume:
        return EngineVolume(name=remote, labels={labels.KIND: labels.MIRROR_KIND, labels.REPOSITORY: remote})

    def gateway(maker: str) -> EngineContainer:
        made = container(labels.GIT_GATEWAY_KIND, "verify-a", "running", maker)
        return replace(made, labels={**made.labels, labels.REPOSITORY: own})

    own, shared = "/tmp/toolkit-verify-x/upstream.git", "https://git.example.com/shop"
    volumes = (mirror(own), mirror(shared))
    assert found(gateway(DEAD), volumes=volumes) == {"verify-a-git-gateway", own}
    assert found(gateway(ALIVE), volumes=volumes) == set()
