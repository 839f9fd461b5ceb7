"""The outside, for a verification: a network of documentation addresses with one peer on it, by testcontainers.

The peer is on a second network as well, closed as a session's own is: there it stands for another session.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import paths
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.sessions import subnets
from toolkit.workflows.evidence import Arrival

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from ipaddress import IPv4Network

    from toolkit.engines.base import Engine

_POOL = "198.51.100.0/24"  # TEST-NET-2 (RFC 5737): public to every policy, and nobody's
_PREFIX = 28
_ATTEMPTS = 8
_READY_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`network`: the engine network's name; `address`: the peer's, which is also its name server's.

    `neighbour`: its address where another session would be. `host`: the engine's host on the outer network.
    `container`: its id.
    """

    network: str
    address: str
    neighbour: str
    host: str
    container: str
    lines: Callable[[], list[dict[str, Any]]]

    @property
    def certificate(self) -> bytes:
        """What it shows to who comes by https, in PEM form."""
        return next(str(one["certificate"]).encode() for one in self.lines() if one["what"] == "ready")

    def queried(self) -> tuple[str, ...]:
        """The names that it was asked for as a name server."""
        return tuple(one["name"] for one in self.lines() if one["what"] == "query")

    def arrivals(self) -> tuple[Arrival, ...]:
        """Every request that has reached it."""
        return tuple(
            Arrival(
                host=one["name"],
                secure=one["what"] == "secure",
                headers=tuple((str(name), str(value)) for name, value in one["headers"]),
            )
            for one in self.lines()
            if "headers" in one
        )


@contextmanager
def peer(engine: Engine, image: str, *, secure: Sequence[str], marks: Mapping[str, str]) -> Iterator[Peer]:
    """Started from `image`, which has Python and openssl; all of it carries the labels `marks`, and nothing stays.

    `secure`: the hosts that its certificate is for.

    Raises:
        ToolkitError: testcontainers is not installed, or no subnet is free.
    """
    try:
        from testcontainers.core.config import testcontainers_config
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy
    except ImportError as error:
        raise ToolkitError(
            "testcontainers is not installed", hint="pip install 'toolkit[testing]'", code="no-testcontainers"
        ) from error
    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True  # its image cannot be had here; we remove what we make
    own = {**marks, labels.KIND: labels.TEST_KIND}
    source = (paths.proofs() / "peer.py").read_text(encoding="utf-8")
    with ExitStack() as stack:
        outer, subnet = _network(engine, stack, own, internal=False)
        inner, closed = _network(engine, stack, own, internal=True)
        address, neighbour = str(subnet[3]), str(closed[3])
        endpoint: dict[str, Any] = {outer: {"IPAMConfig": {"IPv4Address": address}}}
        container = DockerContainer(image).with_kwargs(
            entrypoint=["python3", "-I", "-u", "-c", source, address, *secure],
            network=outer,
            networking_config=endpoint,
            labels=own,
            user="0:0",
            init=True,
        )
        ready = LogMessageWaitStrategy('"ready"').with_startup_timeout(_READY_SECONDS)
        stack.enter_context(container.waiting_for(ready))
        identity = str(container.get_wrapped_container().id)
        engine.connect_network(inner, identity, address=neighbour)
        yield Peer(
            network=outer,
            address=address,
            neighbour=neighbour,
            host=str(subnet[1]),
            container=identity,
            lines=lambda: _lines(container.get_logs()[0]),
        )


def _network(engine: Engine, stack: ExitStack, own: Mapping[str, str], *, internal: bool) -> tuple[str, IPv4Network]:
    """Its name and subnet; another verification may take the same subnet first, so try again elsewhere."""
    from testcontainers.core.network import Network

    lost: list[IPv4Network] = []
    for _ in range(_ATTEMPTS):
        subnet = _free(engine, lost)
        pool = {"Config": [{"Subnet": str(subnet)}]}
        made = Network(docker_network_kw={"ipam": pool, "labels": dict(own), "internal": internal})
        try:
            stack.enter_context(made)
        except Exception as error:
            if "overlap" not in str(error).lower():
                raise
            lost.append(subnet)
        else:
            return str(made.name), subnet
    raise EngineError(f"no subnet of {_POOL} could be had in {_ATTEMPTS} attempts", hint="try again later")


def _free(engine: Engine, lost: list[IPv4Network]) -> IPv4Network:
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    try:
        return subnets.choose([_POOL], (*used, *subnets.taken_by_host(), *lost), prefix=_PREFIX)
    except EngineError as error:
        raise EngineError(f"no /{_PREFIX} of {_POOL} is free for a verification", hint="try again later") from error


def _lines(log: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith(b"{")]
