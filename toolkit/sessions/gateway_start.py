"""A gateway from its plan to a started container."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.sessions.gateway_plan import FOLDER, gateway_request, packed

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.engines.base import Engine
    from toolkit.sessions.addresses import SessionAddresses
    from toolkit.sessions.gateway_plan import GatewayPlan


_OUTER_IS_GONE = "not found"
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStart:
    """Where a gateway is put: `outer` gives the id of the network that leads outside (`outer_network.Outer`)."""

    session: str
    launcher: str
    network: str
    addresses: SessionAddresses
    outer: Callable[[str], str]


def start_gateway(plan: GatewayPlan, engine: Engine, at: GatewayStart) -> str:
    """Create it, join it to both networks, fill it, start it; returns the container's id. Removal is the caller's."""
    request = gateway_request(
        plan, session=at.session, launcher=at.launcher, network=at.network, address=at.addresses.gateway
    )
    made = engine.create_container(request)
    engine.put_archive(made, FOLDER, packed(plan.files(at.addresses)))
    join_and_start(engine, made, at)
    return made


def join_and_start(engine: Engine, gateway: str, at: GatewayStart) -> None:
    """Join it to the network that leads outside, and start it.

    Whoever removes the last gateway before this one takes their common network along, be it between the two steps.
    """
    outer = ""
    for attempt in range(_ATTEMPTS):
        try:
            outer = at.outer(outer)
            engine.connect_network(outer, gateway)
            engine.start_container(gateway)
        except EngineError as error:
            if _OUTER_IS_GONE not in error.message or attempt + 1 == _ATTEMPTS:
                raise
        else:
            return
