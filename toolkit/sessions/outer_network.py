"""The gateways' way out: one bridge for all of them, made when the first is started and removed with the last."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING

from toolkit.engines.base import NetworkRequest
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolkit.engines.base import Engine, EngineNetwork

_NAME = "toolkit-egress"
PREFIX = 22  # about a thousand gateways
_ATTEMPTS = 8


class Outer:
    """The network's id for gateways that start at the same time: `look` finds or makes it once, and anew when it is
    gone, as whoever removes the last gateway takes it along.
    """

    def __init__(self, look: Callable[[], str]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._known = ""

    def __call__(self, gone: str = "") -> str:
        """`gone`: the id that was given before and does not exist any more."""
        with self._lock:
            if self._known == gone:
                self._known = self._look()
            return self._known


def outer_network(engine: Engine, *, site_network: str, pools: Sequence[str]) -> str:
    """The network's id: the site's own (`site.egress.network`) where one is named, else our bridge.

    Raises:
        ToolkitError: the site's network does not exist.
    """
    if site_network:
        found = [one.id for one in engine.networks() if one.name == site_network]
        if not found:
            raise ToolkitError(
                f"the engine has no network '{site_network}' (site.egress.network)",
                hint="create it, or correct the settings",
                code="no-egress-network",
            )
        return found[0]
    for _ in range(_ATTEMPTS):
        ours = engine.networks(labels={labels.KIND: labels.EGRESS_KIND})
        if ours:
            return min(one.id for one in ours)
        try:
            return _create(engine, pools)
        except EngineError as error:
            if "overlap" not in error.message.lower():
                raise
    raise EngineError(f"no network for the gateways could be made in {_ATTEMPTS} attempts", hint="try again")


def _create(engine: Engine, pools: Sequence[str]) -> str:
    """Two clients may make one each: engines do not hold a network's name to be its alone, so each has its own name."""
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = subnets.choose(pools, (*used, *subnets.taken_by_host()), prefix=PREFIX)
    return engine.create_network(
        NetworkRequest(
            name=f"{_NAME}-{secrets.token_hex(4)}",
            subnet=str(subnet),
            labels={labels.KIND: labels.EGRESS_KIND},
            internal=False,
        )
    )


def unused(engine: Engine) -> list[EngineNetwork]:
    """Our bridges when no gateway is left that could want one, running or not."""
    kinds = (labels.GATEWAY_KIND, labels.GIT_GATEWAY_KIND)
    if any(engine.containers(labels={labels.KIND: kind}) for kind in kinds):
        return []
    return engine.networks(labels={labels.KIND: labels.EGRESS_KIND})


def remove_if_unused(engine: Engine) -> None:
    for one in unused(engine):
        try:
            engine.remove_network(one.id)
        except EngineError:
            return  # somebody has just joined it
