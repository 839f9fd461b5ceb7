"""From a request to a running session: network, container, contents, start; a failure undoes in reverse order."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model.event import Event, Phase
from toolkit.sessions import subnets
from toolkit.sessions.parcel import parcel
from toolkit.sessions.plan import container_request, network_request, runner_order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.event import OnEvent
    from toolkit.sessions.plan import SessionRequest

_ATTEMPTS = 16


def launch(
    request: SessionRequest,
    engine: Engine,
    *,
    clone: Path,
    commit: str,
    pools: Sequence[str],
    on_event: OnEvent,
) -> str:
    """Start the session and return its container's id; from then on its own runner does everything.

    Raises:
        EngineError: the engine refused; nothing that was made is left.
    """
    with ExitStack() as undo:
        network, subnet = _network(request, engine, pools)
        undo.callback(engine.remove_network, network)
        on_event(Event(step="network", phase=Phase.DONE, text=f"network: isolated, {subnet}"))
        container = engine.create_container(container_request(request, network=network, subnet=subnet, commit=commit))
        undo.callback(engine.remove_container, container)
        order = runner_order(request, subnet)
        engine.put_archive_stream(
            container, "/", parcel(repository=clone, project_dir=request.project_dir, order=order)
        )
        engine.start_container(container)
        undo.pop_all()
    on_event(Event(step="container", phase=Phase.DONE, text=f"container: {request.id} runs"))
    return container


def _network(request: SessionRequest, engine: Engine, pools: Sequence[str]) -> tuple[str, IPv4Network]:
    """A network of the session's own; another client may take the same subnet first, so try again elsewhere."""
    host = subnets.taken_by_host()
    lost: list[IPv4Network] = []
    for _ in range(_ATTEMPTS):
        used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
        subnet = subnets.choose(pools, (*used, *host, *lost))
        try:
            return engine.create_network(network_request(request, subnet)), subnet
        except EngineError as error:
            if "overlap" not in error.message.lower():
                raise
            lost.append(subnet)
    raise EngineError(
        f"no subnet could be had in {_ATTEMPTS} attempts: others take them at the same time", hint="try again"
    )
