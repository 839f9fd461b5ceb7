"""The outside, for a verification: a network of documentation addresses with one peer on it, by testcontainers."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import paths
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from ipaddress import IPv4Network

    from toolkit.engines.base import Engine

_POOL = "198.51.100.0/24"  # TEST-NET-2 (RFC 5737): public to every policy, and nobody's
_PREFIX = 28
_READY_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`network`: the engine network's name; `address`: the peer's, which is also its name server's."""

    network: str
    address: str
    lines: Callable[[], list[dict[str, str]]]

    def reached_by(self, what: str) -> list[str]:
        """The names in what has reached it: `query` or `request`."""
        return [one["name"] for one in self.lines() if one["what"] == what]


@contextmanager
def peer(engine: Engine, image: str) -> Iterator[Peer]:
    """Started from `image`, which has Python; nothing of it stays.

    Raises:
        ToolkitError: testcontainers is not installed, or no subnet is free.
    """
    try:
        from testcontainers.core.config import testcontainers_config
        from testcontainers.core.container import DockerContainer
        from testcontainers.core.network import Network
        from testcontainers.core.wait_strategies import LogMessageWaitStrategy
    except ImportError as error:
        raise ToolkitError(
            "testcontainers is not installed", hint="pip install 'toolkit[testing]'", code="no-testcontainers"
        ) from error
    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True  # its image cannot be had here; we remove what we make
    subnet = _free(engine)
    address = str(subnet[3])
    kind = {labels.KIND: "test"}
    pool = {"Config": [{"Subnet": str(subnet)}]}
    source = (paths.proofs() / "peer.py").read_text(encoding="utf-8")
    with Network(docker_network_kw={"ipam": pool, "labels": kind}) as network:
        endpoint: dict[str, Any] = {network.name: {"IPAMConfig": {"IPv4Address": address}}}
        container = DockerContainer(image).with_kwargs(
            entrypoint=["python3", "-I", "-u", "-c", source, address],
            network=network.name,
            networking_config=endpoint,
            labels=kind,
            user="0:0",
            init=True,
        )
        ready = LogMessageWaitStrategy('"ready"').with_startup_timeout(_READY_SECONDS)
        with container.waiting_for(ready):
            yield Peer(network=network.name, address=address, lines=lambda: _lines(container.get_logs()[0]))


def _free(engine: Engine) -> IPv4Network:
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    try:
        return subnets.choose([_POOL], (*used, *subnets.taken_by_host()), prefix=_PREFIX)
    except EngineError as error:
        raise EngineError(f"no /{_PREFIX} of {_POOL} is free for a verification", hint="try again later") from error


def _lines(log: bytes) -> list[dict[str, str]]:
    return [json.loads(line) for line in log.splitlines() if line.startswith(b"{")]
