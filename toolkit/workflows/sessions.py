"""Sessions that exist, from the outside: list, follow, wait, end."""

from __future__ import annotations

import heapq
import secrets
import time
from functools import partial
from typing import TYPE_CHECKING

from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.session import SessionState
from toolkit.sessions import ends, following, mail, records, transcript
from toolkit.sessions.plan import RUNNER, STATE_FOLDER, check_task
from toolkit.workflows import audit, gateway_changes, session_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.model.session import Session
    from toolkit.sessions.transcript import TranscriptEvent

    OnTranscript = Callable[[TranscriptEvent], None]

_AT_WORK = frozenset({SessionState.PREPARING, SessionState.RUNNING})
_RUNNER = ("python3", "-I", RUNNER)
_SIGNAL_SECONDS = 10.0
_RESUME_SECONDS = 30.0
_POLL_SECONDS = 0.05
_START_SECONDS = 3600.0  # checking out a very large repository


def events(engine: Engine, prefix: str, *, follow: bool) -> Iterator[TranscriptEvent]:
    """The session's transcript from the beginning, and a line for each host that its gateway refused."""
    container = records.container_of(engine, prefix)
    session = container.labels[labels.SESSION]
    if follow:
        beside = partial(audit.refusals, engine, session, following=True)
        return following.until(engine, container.id, lambda _event: False, timeout=None, beside=beside)
    return heapq.merge(
        transcript.events(engine, container.id, follow=False),
        audit.refusals(engine, session, following=False),
        key=lambda event: str(event.get("time", "")),
    )


def wait(
    engine: Engine, prefix: str, *, timeout: float | None, on_output: OnTranscript, replay: bool = False
) -> Session:
    """Until the session rests or has ended; every event of it from its beginning goes to `on_output`.

    A session that rests already is not followed, unless with `replay`.

    Raises:
        ToolkitError: it still works after `timeout` seconds.
    """
    container = records.container_of(engine, prefix)
    session = container.labels[labels.SESSION]
    if replay or records.record(engine, container).state in _AT_WORK:
        told: set[tuple[str, str]] = set()

        def tell(event: TranscriptEvent) -> None:
            if event["type"] == "refused":
                if (event["host"], event["rule"]) in told:
                    return
                told.add((event["host"], event["rule"]))
            on_output(event)

        beside = partial(audit.refusals, engine, session, following=True)
        enough = _comes_to_rest(engine, container)

        def over() -> bool:
            return records.by_its_file(engine, container.id).state not in _AT_WORK

        try:
            for event in following.until(engine, container.id, enough, timeout=timeout, beside=beside, over=over):
                tell(event)
        except TimeoutError as error:
            raise ToolkitError(
                f"{session} still works after {timeout:g} s", hint=f"toolkit logs -f {session}", code="timeout"
            ) from error
        for event in audit.refusals(engine, session, following=False):
            tell(event)  # those that the gateway had not said yet when the turn ended
    found = records.by_container(engine, container.id)
    return records.by_its_file(engine, container.id) if found.state in _AT_WORK else found


def _comes_to_rest(engine: Engine, container: EngineContainer) -> Callable[[TranscriptEvent], bool]:
    def at_rest(event: TranscriptEvent) -> bool:
        if event["type"] not in {"turn-finished", "session-ended"}:
            return False
        return records.by_container(engine, container.id).state not in _AT_WORK

    return at_rest


def until_at_work(engine: Engine, prefix: str) -> Session:
    """Until the agent runs, or the session failed before it could."""
    container = records.container_of(engine, prefix)
    for event in following.until(
        engine, container.id, lambda one: one["type"] == "turn-started", timeout=_START_SECONDS
    ):
        if event["type"] == "session-ended":
            raise ToolkitError(f"{prefix} could not begin: {event.get('reason')}", hint=f"toolkit logs {prefix}")
    return records.by_container(engine, container.id)


def identity(engine: Engine, prefix: str) -> str:
    """The whole id of the session that begins so."""
    return records.container_of(engine, prefix).labels[labels.SESSION]


def stop(engine: Engine, prefix: str) -> Session:
    container = records.container_of(engine, prefix)
    ends.stop(engine, container)
    return records.by_container(engine, container.id)


def archive(engine: Engine, prefix: str) -> Session:
    """Stop the session and put it away, until `resume`.

    Raises:
        ToolkitError: it is still being made.
    """
    container = records.container_of(engine, prefix)
    if container.status == "created":
        session = container.labels[labels.SESSION]
        raise ToolkitError(f"{session} has not started yet", hint=f"toolkit rm {session} ends it")
    ends.archive(engine, container)
    return records.by_container(engine, container.id)


def resume(engine: Engine, prefix: str, *, root: Path | None) -> Session:
    """Start a session again, an archived one too. Its secrets (of `root`) and what opens its remote are read anew."""
    container = records.container_of(engine, prefix)
    if container.status == "running":
        raise ToolkitError(f"{container.labels[labels.SESSION]} runs already", hint="toolkit tasks")
    gateway_changes.refresh_secrets(root, engine, container)
    session_remote.renew(engine, container.labels[labels.SESSION])
    before = records.last_word(engine, container.id)
    ends.resume(engine, container)
    deadline = time.monotonic() + _RESUME_SECONDS
    while time.monotonic() < deadline:
        if records.last_word(engine, container.id) != before:  # asked first: an older word may still say "running"
            session = records.by_container(engine, container.id)
            if session.state is not SessionState.PREPARING:
                return session
        time.sleep(_POLL_SECONDS)
    raise EngineError(
        f"{container.labels[labels.SESSION]} did not come back within {_RESUME_SECONDS:g} s", hint="toolkit tasks"
    )


def running(engine: Engine, prefix: str) -> EngineContainer:
    """The session's container, for what needs it alive."""
    container = records.container_of(engine, prefix)
    if container.status != "running":
        session = records.record(engine, container)
        raise ToolkitError(f"{session.id} does not run: it is {session.state}", hint=f"toolkit resume {session.id}")
    return container


def execute(
    engine: Engine, prefix: str, command: Sequence[str], *, environment: Mapping[str, str], terminal: bool
) -> int:
    """Run a command beside the agent, with the variables that hooks have set; its exit code. Signals reach it."""
    container, token = running(engine, prefix), secrets.token_hex(8)

    def pass_on(number: int) -> bool:
        words = (*_RUNNER, "signal", STATE_FOLDER, token, str(number))
        return engine.execute(container.id, words, environment={}, timeout=_SIGNAL_SECONDS).exit_code == 0

    words = (*_RUNNER, "exec", STATE_FOLDER, token, *command)
    return engine.attach_exec(
        container.id, words, environment=environment, terminal=terminal, on_signal=None if terminal else pass_on
    )


def attach(engine: Engine, prefix: str, *, environment: Mapping[str, str], terminal: bool) -> int:
    """Join the session's turn until its end, or until we leave; 0 but for a turn that failed."""
    container = running(engine, prefix)
    words = (*_RUNNER, "join", STATE_FOLDER)
    return engine.attach_exec(container.id, words, environment=environment, terminal=terminal)


def send(engine: Engine, prefix: str, text: str) -> str:
    """Queue the next turn, also of a session that is being made; returns the session's id."""
    check_task(text)
    container = records.container_of(engine, prefix)
    if container.status == "created":
        mail.leave(engine, container.id, text)
        return container.labels[labels.SESSION]
    container = running(engine, prefix)
    command = (*_RUNNER, "send", STATE_FOLDER, text)
    done = engine.execute(container.id, command, environment={}, timeout=60)
    if done.exit_code:
        raise EngineError(f"the turn was not queued: {done.stderr.decode(errors='replace').strip()}")
    return container.labels[labels.SESSION]
