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

    def make() -> str:
        made = engine.create_container(request)
        engine.put_archive(made, FOLDER, packed(plan.files(at.addresses)))
        return made

    return started(engine, at, make)


def started(engine: Engine, at: GatewayStart, make: Callable[[], str]) -> str:
    """Join what `make` makes to the network that leads outside, and start it; returns the container's id.

    Whoever removes the last gateway before this one takes their common network along, be it between the two steps. A
    container that has joined it by then never starts, whatever else it joins: each attempt makes another one.
    """
    outer = ""
    for _ in range(_ATTEMPTS):
        made = make()
        try:
            outer = at.outer(outer)
            engine.connect_network(outer, made)
            engine.start_container(made)
        except EngineError as error:
            if _OUTER_IS_GONE not in error.message:
                raise
            engine.remove_container(made)
        else:
            return made
    raise EngineError(
        f"others removed the gateways' network {_ATTEMPTS} times while a gateway was joining it", hint="try again"
    )
