"""What shell completion offers for a kind of name. A shell never waits for an error: then there is nothing to offer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

ENVIRONMENT = "environment"
SESSION = "session"
STATE = "state"
KINDS = frozenset({ENVIRONMENT, SESSION, STATE})


def candidates(kind: str, root: Path | None) -> list[str]:
    """Every environment of the root (None: the nearest upward), session of the engine, or state; else nothing."""
    from toolkit.errors import ToolkitError

    try:
        if kind == ENVIRONMENT:
            return _environments(root)
        if kind == SESSION:
            return _sessions()
        return _states() if kind == STATE else []
    except (ToolkitError, OSError):
        return []


def _environments(root: Path | None) -> list[str]:
    from toolkit.paths import find_root
    from toolkit.workflows.declarations import names

    return list(names(find_root(root)))


def _states() -> list[str]:
    from toolkit.model.session import SessionState

    return [one.value for one in SessionState]


def _sessions() -> list[str]:
    from toolkit.engines.connection import labelled
    from toolkit.model import labels

    found = labelled({labels.KIND: "session"})
    return sorted(name for one in found if (name := one.get(labels.SESSION)))
