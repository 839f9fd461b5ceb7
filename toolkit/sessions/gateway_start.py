"""A gateway from its plan to a started container."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from toolkit.sessions.gateway_plan import FOLDER, gateway_request, packed

if TYPE_CHECKING:
    from concurrent.futures import Future

    from toolkit.engines.base import Engine
    from toolkit.sessions.addresses import SessionAddresses
    from toolkit.sessions.gateway_plan import GatewayPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStart:
    """Where a gateway is put: `outer` will be the id of the network that leads outside.

    `begun` is set when its start has been asked for, or when it has failed before.
    """

    session: str
    launcher: str
    network: str
    addresses: SessionAddresses
    outer: Future[str]
    begun: Event = field(default_factory=Event)


def start_gateway(plan: GatewayPlan, engine: Engine, at: GatewayStart) -> str:
    """Create it, join it to both networks, fill it, start it; returns the container's id. Removal is the caller's."""
    try:
        request = gateway_request(
            plan, session=at.session, launcher=at.launcher, network=at.network, address=at.addresses.gateway
        )
        made = engine.create_container(request)
        engine.connect_network(at.outer.result(), made)
        engine.put_archive(made, FOLDER, packed(plan.files(at.addresses)))
    finally:
        at.begun.set()
    engine.start_container(made)
    return made
