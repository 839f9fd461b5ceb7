"""From a request to a running session: network, gateway, container, contents, start; a failure leaves nothing.

What does not wait for each other happens at the same time: the repository is looked at while the engine makes the
network, and both gateways come up while the session's container is made and filled. The session's own runner then
waits for them, checks the network and fetches the repository before anything foreign runs.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model.event import Event, Phase
from toolkit.sessions import disk_limit, ends, following
from toolkit.sessions.addresses import SessionAddresses
from toolkit.sessions.gateway_files import ca_of
from toolkit.sessions.gateway_start import GatewayStart, start_gateway
from toolkit.sessions.git_gateway_start import prepare_mirror, start_git_gateway
from toolkit.sessions.outer_network import Outer, outer_network
from toolkit.sessions.own_network import own_network
from toolkit.sessions.parcel import parcel
from toolkit.sessions.plan import GATEWAY_CA, container_request, runner_order
from toolkit.sessions.unbroken import unbroken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from toolkit.engines.base import Engine
    from toolkit.model.event import OnEvent
    from toolkit.sessions.gateway_plan import GatewayPlan
    from toolkit.sessions.git_gateway_start import GatedRepository
    from toolkit.sessions.plan import SessionRequest

_CHECK_SECONDS = 60.0
_NOT_CLOSED = "the network is not as it must be"  # the runner's words (runner/opening.py)
_THREADS = 5  # the making itself, the repository, the network outside, two gateways


def launch(
    request: SessionRequest,
    gateway: GatewayPlan,
    engine: Engine,
    *,
    carry: Callable[[], GatedRepository],
    pools: Sequence[str],
    on_event: OnEvent,
) -> str:
    """Start the session and return its container's id; from then on its own runner does everything.

    Raises:
        ToolkitError: the engine refused, or the network is not what it must be; nothing that was made is left.
    """
    with ExitStack() as undo:
        undo.callback(ends.discard, engine, request.id, launcher=request.launcher)
        make = partial(_make, request, gateway, engine, carry=carry, pools=pools, on_event=on_event)
        container = unbroken(make, threads=_THREADS)
        _wait_for_the_check(engine, container)
        on_event(Event(step="container", phase=Phase.DONE, text=f"container: {request.id} runs"))
        undo.pop_all()
    return container


def _make(
    request: SessionRequest,
    gateway: GatewayPlan,
    engine: Engine,
    pool: ThreadPoolExecutor,
    *,
    carry: Callable[[], GatedRepository],
    pools: Sequence[str],
    on_event: OnEvent,
) -> str:
    """Everything that the session needs, made and filled, its gateways started, and then the session itself."""
    carried = pool.submit(carry)
    outer = Outer(partial(outer_network, engine, site_network=gateway.site_network, pools=pools))
    pool.submit(outer)  # whoever needs it waits for it, and hears what was wrong
    network, subnet = own_network(engine, session=request.id, launcher=request.launcher, pools=pools)
    addresses = SessionAddresses.of(subnet)
    at = GatewayStart(session=request.id, launcher=request.launcher, network=network, addresses=addresses, outer=outer)
    gate = pool.submit(start_gateway, gateway, engine, at)
    on_event(Event(step="network", phase=Phase.DONE, text=f"network: isolated, {subnet}, {_level(request)}"))
    repository = carried.result()
    prepare_mirror(repository, engine)
    git = pool.submit(start_git_gateway, repository, engine, at)
    container = disk_limit.create(
        engine, container_request(request, network=network, addresses=addresses, repository=repository), on_event
    )
    order = runner_order(request, addresses, repository, trust=gateway.trust)
    extra = {GATEWAY_CA: ca_of(engine, gate.result())} if gateway.trust else {}
    engine.put_archive_stream(container, "/", parcel(order=order, extra=extra))
    # Last of all: from its start on the session needs nobody, so a client that dies before leaves none behind that
    # waits for a gateway in vain.
    gate.result()
    git.result()
    engine.start_container(container)
    on_event(Event(step="gateway", phase=Phase.DONE, text=f"gateway: policy {gateway.policy[:12]}"))
    return container


def _level(request: SessionRequest) -> str:
    return f"access {request.environment.network.access.value}"


def _wait_for_the_check(engine: Engine, container: str) -> None:
    """Until the runner has seen that the network is closed and the gateway answers; else its reason is ours."""
    try:
        for event in following.until(
            engine, container, lambda one: one["type"] in {"network-checked", "session-ended"}, timeout=_CHECK_SECONDS
        ):
            if event["type"] == "network-checked":
                return
            if event["type"] == "session-ended":
                reason = str(event.get("reason"))
                code = "network-check" if reason.startswith(_NOT_CLOSED) else "cannot-begin"
                raise EngineError(f"the session could not begin: {reason}", code=code)
    except TimeoutError as error:
        raise EngineError(f"the session's network was not checked within {_CHECK_SECONDS:g} s") from error
    raise EngineError("the session ended before its network was checked", hint="toolkit doctor")
