"""What exists, read from the engine: labels say what a session is, the last event of its log where it stands; whether
it was put away, its container's name (`archived.py`).

The engine gives the end of a log in a sixtieth of the time that a file of the container takes it. The state file says
the same; it is read where the log's end is no event.
"""

from __future__ import annotations

import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from toolkit.diagnostics import did_you_mean
from toolkit.errors import EngineError, NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.model.session import Session, SessionState
from toolkit.sessions import archived, transcript
from toolkit.sessions.plan import STATE_FOLDER

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer

_AT_ONCE = 16
_OF_A_RUNNING_TURN = frozenset({"output", "agent"})
_ENDED = frozenset({SessionState.COMPLETED, SessionState.FAILED, SessionState.STOPPED, SessionState.EXPIRED})


def sessions(engine: Engine) -> tuple[Session, ...]:
    """Every session of the engine, the newest first."""
    found = [one for one in engine.containers(labels={labels.KIND: "session"}) if one.labels.get(labels.SESSION)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        records = [one for one in pool.map(lambda one: _record_if_there(engine, one), found) if one is not None]
    return tuple(sorted(records, key=lambda one: (one.created, one.id), reverse=True))


def container_of(engine: Engine, prefix: str) -> EngineContainer:
    """The container of the session with this id, or with this unique beginning of one.

    Raises:
        NotFoundError: none has it.
        ToolkitError: several begin so.
    """
    known = {one.labels.get(labels.SESSION, ""): one for one in engine.containers(labels={labels.KIND: "session"})}
    if prefix in known:
        return known[prefix]
    fitting = sorted(name for name in known if prefix and name.startswith(prefix))
    if not fitting:
        hint = did_you_mean(prefix, sorted(known))
        listed = ", ".join(sorted(known)) or 'none yet: toolkit remote "TASK" starts one'
        raise NotFoundError(f"no session '{prefix}'", hint=f"{hint} sessions: {listed}".strip())
    if len(fitting) > 1:
        raise ToolkitError(
            f"'{prefix}' is ambiguous: {', '.join(fitting)}", hint="type more of the id", code="ambiguous"
        )
    return known[fitting[0]]


def record(engine: Engine, container: EngineContainer) -> Session:
    """One session as it stands now."""
    return _record(engine, container)


def by_container(engine: Engine, identity: str) -> Session:
    """The session of a container that was just there."""
    return _record(engine, _still_there(engine, identity))


def by_its_file(engine: Engine, identity: str) -> Session:
    """The same by what its runner wrote down inside, whatever its log says."""
    return _of_fields(engine, _still_there(engine, identity), state_fields(engine, identity))


def _still_there(engine: Engine, identity: str) -> EngineContainer:
    found = engine.container(identity)
    if found is None:
        raise EngineError("the session's container is gone", hint="somebody removed it; start another")
    return found


def _record_if_there(engine: Engine, container: EngineContainer) -> Session | None:
    """None for what has been removed since it was listed: it would look like one that failed."""
    found = _record(engine, container)
    if found.turns:
        return found
    now = engine.container(container.id)
    return None if now is None or now.status == "removing" else found


def last_word(engine: Engine, identity: str) -> str:
    """When the runner last said something; empty before it did."""
    return str(_fields(engine, identity).get("updated", ""))


def _record(engine: Engine, container: EngineContainer) -> Session:
    return _of_fields(engine, container, {} if container.status == "created" else _fields(engine, container.id))


def _of_fields(engine: Engine, container: EngineContainer, fields: dict[str, Any]) -> Session:
    state, reason = _state(engine, container, fields)
    if archived.is_archived(container):
        state = SessionState.ARCHIVED
    own = container.labels
    return Session(
        id=own[labels.SESSION],
        environment=own.get(labels.ENVIRONMENT, ""),
        revision=own.get(labels.REVISION, ""),
        state=state,
        exit_code=fields.get("exit_code"),
        branch=own.get(labels.BRANCH, ""),
        task=own.get(labels.TASK, ""),
        agent=own.get(labels.AGENT, ""),
        repository=own.get(labels.REPOSITORY, ""),
        turns=int(fields.get("turns", 0)),
        created=own.get(labels.CREATED, ""),
        started=str(fields.get("started", "")),
        finished=str(fields.get("finished", "")),
        container=container.id,
        reason=reason,
    )


def _state(engine: Engine, container: EngineContainer, fields: dict[str, Any]) -> tuple[SessionState, str]:
    """The runner's word while it lives and where it said goodbye; else what its end looks like from outside."""
    written = SessionState(fields.get("state", SessionState.PREPARING))
    reason = str(fields.get("reason", ""))
    if container.status == "created":
        return SessionState.PREPARING, "not started yet"
    said_goodbye = written in _ENDED and reason
    if container.status not in {"exited", "dead"}:
        if said_goodbye and _starts_again(engine, container, fields):
            return SessionState.PREPARING, "starting again"
        return written, reason  # a turn that ran into a limit has a reason too, and its session goes on
    if said_goodbye:
        return written, reason
    now = engine.container(container.id) or container
    if now.out_of_memory:
        return SessionState.FAILED, "out of memory: resources.memory is too small for it"
    return SessionState.FAILED, f"ended without warning (exit code {now.exit_code})"


def _starts_again(engine: Engine, container: EngineContainer, fields: dict[str, Any]) -> bool:
    """Whether the runner has not written since the container's start; both times are UTC, of the same clock."""
    now = engine.container(container.id) or container
    return str(fields.get("updated", "")).rstrip("Z") < now.started.rstrip("Z")


def _fields(engine: Engine, container: str) -> dict[str, Any]:
    """Where the session stands by its last event; else by its state file."""
    try:
        event = transcript.parse(engine.last_log(container))
    except EngineError:
        return {}  # it goes away at this moment
    if event is None:
        return state_fields(engine, container)
    if isinstance(event.get("status"), dict):
        return {**event["status"], "updated": event.get("time", "")}
    if event["type"] not in _OF_A_RUNNING_TURN:
        return state_fields(engine, container)
    now = engine.container(container)
    return {
        "state": SessionState.RUNNING,
        "turns": event.get("turn", 0),
        "started": now.started if now else "",
        "updated": event.get("time", ""),
    }


def state_fields(engine: Engine, container: str) -> dict[str, Any]:
    """The runner's state file; empty before it wrote one, or where the session goes away meanwhile."""
    try:
        content = read_file(engine, container, f"{STATE_FOLDER}/state.json")
        return dict(json.loads(content))
    except (EngineError, NotFoundError, ValueError):
        return {}


def read_file(engine: Engine, container: str, path: str) -> bytes:
    """A small file of a session, running or not.

    Raises:
        NotFoundError: no such file.
    """
    whole = io.BytesIO(b"".join(engine.get_archive(container, path)))
    with tarfile.open(fileobj=whole) as tar:
        for entry in tar:
            file = tar.extractfile(entry)
            if file is not None:
                return file.read()
    raise NotFoundError(f"{path} is no file")
