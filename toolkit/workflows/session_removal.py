"""`toolkit rm`: apart from what else acts on sessions, whose imports take longer than a removal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.sessions import ends, records

if TYPE_CHECKING:
    from toolkit.engines.base import Engine


def remove(engine: Engine, prefix: str, *, force: bool) -> str:
    """Remove a session with its disk and network; returns its id.

    Raises:
        ToolkitError: commits of it exist nowhere else, and not `force`.
    """
    container = records.container_of(engine, prefix)
    if not force:
        from toolkit.workflows import session_repository

        session_repository.refuse_to_lose(engine, container)
    ends.remove(engine, container)
    return container.labels[labels.SESSION]
