"""A session's git gateway from its plan to a started container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from toolkit.sessions.gateway_plan import FOLDER
from toolkit.sessions.gateway_start import started
from toolkit.sessions.plan import CarriedRepository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.engines.base import ContainerRequest, Engine
    from toolkit.sessions.gateway_start import GatewayStart


class GatedRepository(CarriedRepository, Protocol):
    """What `git/gateway.py` plans: the gateway's container and contents, and the mirror that it shares."""

    @property
    def mirror(self) -> str: ...
    @property
    def mirror_labels(self) -> Mapping[str, str]: ...
    def container(self, *, network: str, address: str) -> ContainerRequest: ...
    def contents(self, *, session_address: str) -> Iterator[bytes]: ...


def prepare_mirror(repository: GatedRepository, engine: Engine) -> None:
    """The volume of the remote's mirror, with its labels, before any container names it."""
    if repository.mirror:
        engine.create_volume(repository.mirror, labels=repository.mirror_labels)


def start_git_gateway(repository: GatedRepository, engine: Engine, at: GatewayStart) -> str:
    """Create it, join it to both networks, fill it, start it; returns the container's id. Removal is the caller's."""

    def make() -> str:
        made = engine.create_container(repository.container(network=at.network, address=at.addresses.git_gateway))
        engine.put_archive_stream(made, FOLDER, repository.contents(session_address=at.addresses.session))
        return made

    return started(engine, at, make)
