"""A session under attack: the place where tries are made, and the two witnesses, origins and audit."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docker

from tests.e2e.network.names import may_be_asked
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.e2e.network.attacks import Attack
    from tests.e2e.network.lab import Lab, Note
    from tests.e2e.network.seat import Seat
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

ARRIVALS = frozenset({"accept", "sni", "request", "frame", "bytes", "datagram"})
SECONDS = 15.0
_PAUSE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision of the audit; `rule` is a rule's pattern or kind."""

    host: str
    decision: str
    rule: str
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The session's audit, read as any client reads it."""

    toolkit: Toolkit
    session: str

    def entries(self) -> list[Entry]:
        found = self.toolkit.json("audit", self.session)["entries"]
        return [Entry(host=one["host"], decision=one["decision"], rule=one["rule"], more=one) for one in found]

    def since(self, count: int, enough: Callable[[list[Entry]], bool]) -> list[Entry]:
        """The entries after the first `count`, as soon as they are `enough`, or at the latest after SECONDS."""
        deadline = time.monotonic() + SECONDS
        while True:
            found = self.entries()[count:]
            if enough(found) or time.monotonic() > deadline:
                return found
            time.sleep(_PAUSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """`patterns`: rule kind → the patterns of its rules in this environment's policy."""

    lab: Lab
    engine: DockerEngine
    seat: Seat
    beside: Seat
    audit: Audit
    words: Mapping[str, str]
    patterns: Mapping[str, frozenset[str]]
    gateway: str
    counted: list[int] = field(default_factory=lambda: [0])

    def names_of(self, kinds: tuple[str, ...]) -> frozenset[str]:
        """How the audit may call a rule of these kinds."""
        return frozenset(kinds).union(*(self.patterns.get(kind, frozenset()) for kind in kinds))

    def gateway_is_alive(self) -> str:
        """Since when it runs; raises AssertionError where it does not."""
        found = self.engine.container(self.gateway)
        assert found
        assert found.status == "running", f"the gateway is {found.status}"
        return found.started


def arrivals(notes: list[Note], attack: Attack) -> list[Note]:
    """What reached anyone that it must not have reached, look-ups of names that are not allowed included."""
    found = [one for one in notes if one.peer != "names" and one.what in ARRIVALS]
    if attack.carried:
        found = [one for one in found if one.peer != "origin" or str(one.more.get("target")).startswith("/smuggled")]
    asked = [one for one in notes if one.what == "query" and not may_be_asked(one.more["name"])]
    return [*found, *asked]


def addresses_of(container: str) -> dict[str, str]:
    """Network name → IPv4 address, as the engine gave them."""
    client = docker.from_env()
    try:
        networks = client.containers.get(container).attrs["NetworkSettings"]["Networks"]
    finally:
        client.close()
    return {name: one["IPAddress"] for name, one in networks.items()}


def of_session(engine: DockerEngine, session: str, kind: str) -> str:
    """The id of the session's container of this kind."""
    found = engine.containers(labels={labels.SESSION: session, labels.KIND: kind})
    assert len(found) == 1, (session, kind, found)
    return found[0].id
