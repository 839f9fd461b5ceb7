"""Put away, or not: the name of a session's container says it, for its labels cannot change any more.

Any client of the engine reads it there. Nothing finds a session by its name: that is what its labels are for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import EngineError

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer

_MARK = "-archived"


def is_archived(container: EngineContainer) -> bool:
    """What runs is not, whatever its name says: somebody started it by hand."""
    return container.status != "running" and container.name.endswith(_MARK)


def put_away(engine: Engine, container: EngineContainer) -> None:
    """Idempotent."""
    if not container.name.endswith(_MARK):
        _rename(engine, container, f"{container.name}{_MARK}")


def take_out(engine: Engine, container: EngineContainer) -> None:
    """Idempotent."""
    if container.name.endswith(_MARK):
        _rename(engine, container, container.name.removesuffix(_MARK))


def _rename(engine: Engine, container: EngineContainer, name: str) -> None:
    try:
        engine.rename_container(container.id, name)
    except EngineError:
        now = engine.container(container.id)
        if now is None or now.name != name:  # else another client has just done the same
            raise
