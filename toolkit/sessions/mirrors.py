"""The volumes that sessions of one remote borrow its objects from: a cache, kept while there is use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model import labels

if TYPE_CHECKING:
    from toolkit.engines.base import Engine


def remove_unused(engine: Engine) -> None:
    """Those that no session, running or not, has: the engine itself refuses the others."""
    for one in engine.volumes(labels={labels.KIND: labels.MIRROR_KIND}):
        try:
            engine.remove_volume(one.name)
        except EngineError:
            continue
