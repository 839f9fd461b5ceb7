"""Stop, put away, resume and remove a session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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
    """
    own = {labels.SESSION: session, **({labels.LAUNCHER: launcher} if launcher else {})}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: engine.remove_container(one.id), engine.containers(labels=own)))
        list(pool.map(lambda one: engine.remove_network(one.id), engine.networks(labels=own)))
    outer_network.remove_if_unused(engine)
