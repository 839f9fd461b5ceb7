"""`toolkit cp`: which side is the session, and where a relative path begins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError, UsageError
from toolkit.model import labels
from toolkit.sessions import copying, names, records

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer


def copy(engine: Engine, source: str, target: str) -> None:
    """Exactly one of the two is `ID:PATH`; the session may be stopped."""
    from_session, to_session = _split(source), _split(target)
    if from_session and not to_session:
        container = records.container_of(engine, from_session[0])
        path = _absolute(container, from_session[1])
        try:
            copying.copy_out(engine, container.id, path, Path(target))
        except NotFoundError as error:
            session, folder = container.labels[labels.SESSION], _absolute(container, "")
            hint = f"a path without / in front begins at {folder}"
            raise NotFoundError(f"{session} has no {path}", hint=hint) from error
    elif to_session and not from_session:
        container = records.container_of(engine, to_session[0])
        copying.copy_in(engine, container.id, Path(source), _absolute(container, to_session[1]))
    else:
        raise UsageError(
            "one side of cp is a session's path, the other one of this machine", hint="toolkit cp ID:report.html ."
        )


def _split(word: str) -> tuple[str, str] | None:
    """`calm-otter:report.html` → id and path; None for a path of this machine, such as `./a:b`."""
    identity, colon, path = word.partition(":")
    return (identity, path) if colon and names.BEGINNING.fullmatch(identity) else None


def _absolute(container: EngineContainer, path: str) -> str:
    folder = container.labels.get(labels.PROJECT_DIR, "/")
    return path if path.startswith("/") else f"{folder}/{path}"
