"""Stop, put away, resume and remove a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.sessions import archived, outer_network

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer

_GATEWAYS = frozenset({labels.GATEWAY_KIND, labels.GIT_GATEWAY_KIND})
_GATEWAY_STOP_SECONDS = 5
_STOP_SECONDS = 45  # the runner gives its turn 5 s after SIGTERM, and pushes what is committed in up to 30


def stop(engine: Engine, container: EngineContainer) -> None:
    """End the session's processes, then its gateways; its disk stays."""
    engine.stop_container(container.id, seconds=_STOP_SECONDS)
    for one in gateways(engine, container.labels[labels.SESSION]):
        engine.stop_container(one.id, seconds=_GATEWAY_STOP_SECONDS)


def archive(engine: Engine, container: EngineContainer) -> None:
    """Stop it, then put it away: a client that dies in between leaves a stopped session."""
    stop(engine, container)
    archived.put_away(engine, container)


def resume(engine: Engine, container: EngineContainer) -> None:
    """Take it out where it was put away, and start it on the same disk, its gateways first; it waits for its turn."""
    archived.take_out(engine, container)
    for one in gateways(engine, container.labels[labels.SESSION]):
        engine.start_container(one.id)
    engine.start_container(container.id)


def gateways(engine: Engine, session: str) -> list[EngineContainer]:
    """The containers through which the session reaches anything."""
    found = engine.containers(labels={labels.SESSION: session})
    return [one for one in found if one.labels.get(labels.KIND) in _GATEWAYS]


def remove(engine: Engine, container: EngineContainer) -> None:
    """Remove the session with its disk, its gateways and its network, found by its label."""
    discard(engine, container.labels[labels.SESSION])


def discard(engine: Engine, session: str, *, launcher: str = "") -> None:
    """Whatever carries the session's label, whole or half made; then the gateways' bridge if nobody needs it.

    With `launcher` only what that client made: the id may turn out to be another's session already.
    One after another: Docker 20.10 can lock itself up for good when containers leave a network at the same time, since
    libnetwork takes the locks of a network and of its controller in either order.
    """
    own = {labels.SESSION: session, **({labels.LAUNCHER: launcher} if launcher else {})}
    for container in sorted(engine.containers(labels=own), key=lambda one: one.labels.get(labels.KIND) in _GATEWAYS):
        engine.remove_container(container.id)
    for network in engine.networks(labels=own):
        engine.remove_network(network.id)
    outer_network.remove_if_unused(engine)
