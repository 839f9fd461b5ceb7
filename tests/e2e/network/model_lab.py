"""A lab of two peers: a name server, and the models of the agents under names of documentation."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.network import authority
from tests.e2e.network.lab import Journals, Peers, documented_network, furnish, outside_subnet, write_zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from testcontainers.core.container import DockerContainer

    from toolkit.engines.docker import DockerEngine

ANTHROPIC = "anthropic.model.example.net"
OPENAI = "openai.model.example.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLab(Journals):
    """`network` is its name on the engine, `resolver` the address of its name server."""

    network: str
    resolver: str
    peers: Peers

    @property
    def certificate(self) -> Path:
        return self.folder / "authority" / authority.CERTIFICATE

    def desk(self, folder: Path, environment: dict[str, str]) -> DockerContainer:
        """An idle container on the lab's network that has `folder` at its own path: somebody's machine."""
        return self.peers.desk(folder, environment, network=self.network)


@contextmanager
def models_opened(engine: DockerEngine, image: str, folder: Path, *, avoid: Iterable[str]) -> Iterator[ModelLab]:
    """`image` has python3 and openssl, `folder` holds an authority; `avoid`: hosts that must stay reachable."""
    furnish(folder)
    with ExitStack() as stack:
        subnet = outside_subnet(engine, avoid)
        network = stack.enter_context(documented_network(subnet)).name
        resolver, models = str(subnet[10]), str(subnet[11])
        write_zone(folder, {name: {"A": [models]} for name in (ANTHROPIC, OPENAI)})
        peers = Peers(image=image, folder=folder, resolver=resolver)
        stack.enter_context(peers.names(network))
        stack.enter_context(peers.models(network, models))
        yield ModelLab(folder=folder, network=network, resolver=resolver, peers=peers)
