"""A small internal network for one session alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.engines.base import NetworkRequest
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network

    from toolkit.engines.base import Engine

_ATTEMPTS = 16


def own_network(engine: Engine, *, session: str, launcher: str, pools: Sequence[str]) -> tuple[str, IPv4Network]:
    """Its id and subnet; another client may take the same subnet first, so try again elsewhere."""
    host = subnets.taken_by_host()
    lost: list[IPv4Network] = []
    for _ in range(_ATTEMPTS):
        used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
        subnet = subnets.choose(pools, (*used, *host, *lost))
        try:
            return engine.create_network(network_request(session, launcher, subnet)), subnet
        except EngineError as error:
            if "overlap" not in error.message.lower():
                raise
            lost.append(subnet)
    raise EngineError(
        f"no subnet could be had in {_ATTEMPTS} attempts: others take them at the same time", hint="try again"
    )


def network_request(session: str, launcher: str, subnet: IPv4Network) -> NetworkRequest:
    return NetworkRequest(
        name=f"toolkit-{session}",
        subnet=str(subnet),
        labels={labels.KIND: "network", labels.SESSION: session, labels.LAUNCHER: launcher},
    )
