"""Sessions that exist, as `tasks` lists them: apart from what acts on them, since a list is to be quick."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.engines.base import Engine
    from toolkit.model.session import Session


def listed(engine: Engine, *, state: str = "", everything: bool = False) -> tuple[Session, ...]:
    """The rows of `tasks`: all but the archived ones, or those of one state."""
    from toolkit.sessions import records

    check_state(state)
    return tuple(one for one in records.sessions(engine) if is_listed(one, state=state, everything=everything))


def is_listed(session: Session, *, state: str, everything: bool) -> bool:
    return session.state == state if state else everything or session.state != "archived"


def check_state(state: str) -> None:
    """UsageError for what is no state; empty is fine."""
    from toolkit.model.session import SessionState

    if state and state not in set(SessionState):
        from toolkit.diagnostics import did_you_mean
        from toolkit.errors import UsageError

        names = [one.value for one in SessionState]
        raise UsageError(
            f"'{state}' is no state", hint=f"{did_you_mean(state, names)} states: {', '.join(names)}".strip()
        )
