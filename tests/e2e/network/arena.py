"""A session under attack: the place where tries are made, and the two witnesses, origins and audit."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import docker

from tests.e2e.network.attacks import trying
from tests.e2e.network.names import WILD, may_be_asked
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.network.attacks import Attack
    from tests.e2e.network.audit import AuditStream, Entry
    from tests.e2e.network.lab import Lab, Note
    from tests.e2e.network.seat import Seat
    from toolkit.engines.docker import DockerEngine

_NUMBERS = itertools.count()
ARRIVALS = frozenset({"accept", "sni", "request", "frame", "bytes", "datagram"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """`session`, `other`: their ids; `gateway`: the first one's container.

    `patterns`: rule kind → the patterns of its rules in this environment's policy.
    """

    lab: Lab
    engine: DockerEngine
    seat: Seat
    beside: Seat
    audit: AuditStream
    session: str
    words: Mapping[str, str]
    patterns: Mapping[str, frozenset[str]]
    gateway: str
    other: str

    def names_of(self, kinds: tuple[str, ...]) -> frozenset[str]:
        """How the audit may call a rule of these kinds."""
        return frozenset(kinds).union(*(self.patterns.get(kind, frozenset()) for kind in kinds))

    def fence(self, known: int | None = None) -> list[Entry]:
        """What the audit has gained after its first `known` entries, now that nothing more is on its way.

        The gateway writes in order: once a request of ours is told, all that ended before it is told as well.
        """
        name = f"fence{next(_NUMBERS)}.{WILD}"
        start = self.audit.count() if known is None else known
        assert self.seat.attempt(trying("plain", url=f"http://{name}/")).reached
        found = self.audit.since(start, lambda entries: any(one.host == name for one in entries))
        at = next(index for index, one in enumerate(found) if one.host == name)
        return found[:at]

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


def arrivals_at_others(notes: list[Note]) -> list[Note]:
    """What reached anyone but the origin of what is allowed."""
    return [one for one in notes if one.peer not in {"names", "origin"} and one.what in ARRIVALS]


def addresses_of(container: str) -> dict[str, str]:
    """Network name → IPv4 address, as the engine gave them."""
    client = docker.from_env()
    try:
        networks = client.containers.get(container).attrs["NetworkSettings"]["Networks"]
    finally:
        client.close()
    return {name: one["IPAddress"] for name, one in networks.items()}


def words_of(engine: DockerEngine, lab: Lab, session: str, other: str) -> dict[str, str]:
    """What `<word>` in a try stands for when it is made in `session`, with `other` beside it."""
    inner, other_inner = f"toolkit-{session}", f"toolkit-{other}"
    subnet = next(IPv4Network(one.subnets[0]) for one in engine.networks() if one.name == inner)
    gateway = addresses_of(of_session(engine, session, labels.GATEWAY_KIND))
    return {
        **lab.words,
        "first": str(subnet[1]),
        "last": str(subnet[-2]),
        "session": addresses_of(of_session(engine, session, "session"))[inner],
        "gateway": gateway[inner],
        "gateway-outside": gateway[lab.network],
        "other-session": addresses_of(of_session(engine, other, "session"))[other_inner],
        "other-gateway": addresses_of(of_session(engine, other, labels.GATEWAY_KIND))[other_inner],
    }


def of_session(engine: DockerEngine, session: str, kind: str) -> str:
    """The id of the session's container of this kind."""
    found = engine.containers(labels={labels.SESSION: session, labels.KIND: kind})
    assert len(found) == 1, (session, kind, found)
    return found[0].id
