"""Sessions that exist, as `tasks` lists them: apart from what acts on them, since a list is to be quick."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.engines.base import Engine
    from toolkit.model.session import Session


def listed(engine: Engine, *, state: str = "", everything: bool = False) -> tuple[Session, ...]:
    """The rows of `tasks`: all but the archived ones, or those of one state."""
    from toolkit.model.session import SessionState
    from toolkit.sessions import records

    if state and state not in set(SessionState):
        from toolkit.diagnostics import did_you_mean
        from toolkit.errors import UsageError

        names = [one.value for one in SessionState]
        raise UsageError(
            f"'{state}' is no state", hint=f"{did_you_mean(state, names)} states: {', '.join(names)}".strip()
        )
    found = records.sessions(engine)
    if state:
        return tuple(one for one in found if one.state == state)
    return tuple(one for one in found if everything or one.state != "archived")
