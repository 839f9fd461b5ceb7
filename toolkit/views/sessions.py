"""Sessions and their transcripts as text or JSON."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING

from toolkit.model.session import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolkit.console import Console
    from toolkit.model.session import Session
    from toolkit.sessions.transcript import TranscriptEvent

COLUMNS = ("ID", "ENVIRONMENT", "STATE", "AGE", "BRANCH", "TASK")
_TASK_WIDTH = 48


def show_sessions(console: Console, sessions: Sequence[Session]) -> None:
    if console.as_json:
        console.document({"sessions": [row(one) for one in sessions]})
    elif sessions:
        console.table(COLUMNS, [cells(one) for one in sessions])
    else:
        console.note('no sessions; toolkit remote "TASK" starts one')


def show_started(console: Console, session: Session) -> None:
    if console.as_json:
        console.document({"session": _started(session)})
        return
    console.line(session.id)
    console.note(f"  follow it   toolkit logs -f {session.id}")
    console.note(f"  look inside toolkit exec {session.id} -- git log --oneline")
    console.note("  all of them toolkit tasks")


def show_finished(console: Console, session: Session) -> None:
    """The end of `remote --wait` and of `wait`."""
    if console.as_json:
        console.document({"session": _started(session), "exit_code": session.exit_code, "reason": session.reason})
        return
    console.note(f"{session.id}: {_outcome(session)}")


def show_changed(console: Console, session: Session) -> None:
    """After stop and resume."""
    if console.as_json:
        console.document({"session": _started(session)})
    else:
        console.line(f"{session.id} {session.state}")


def show_sent(console: Console, identity: str) -> None:
    if console.as_json:
        console.document({"queued": identity})
    else:
        console.note(f"queued; toolkit logs -f {identity} follows it")


def show_removed(console: Console, identity: str) -> None:
    if console.as_json:
        console.document({"removed": [identity]})
    else:
        console.line(f"{identity} removed")


def show_event(console: Console, event: TranscriptEvent) -> None:
    """One event of a transcript: the agent's output as it was, the rest as remarks on stderr."""
    if console.as_json:
        console.line(json.dumps(event, ensure_ascii=False))
        sys.stdout.flush()
    elif event["type"] == "output":
        stream = sys.stderr if event.get("stream") == "stderr" else sys.stdout
        stream.write(str(event.get("text", "")))
        stream.flush()
    elif event["type"] == "agent":
        sys.stdout.write(str(event.get("text", "")))
        sys.stdout.flush()
    elif text := _remark(event):
        console.note(text)


def echo_output(event: TranscriptEvent) -> None:
    """The agent's output on stderr: for calls whose stdout is one JSON document."""
    if event["type"] == "output":
        sys.stderr.write(str(event.get("text", "")))
        sys.stderr.flush()
    elif event["type"] in {"refused", "lost"}:
        sys.stderr.write(f"{_remark(event)}\n")


def _hook(event: TranscriptEvent) -> str:
    """Only what its user should know: a hook that went well says nothing."""
    message, title = str(event.get("message", "")), event.get("title")
    lines = [f"── title: {title}"] if title else []
    if event.get("exit_code") != 0 or message:
        lines.append(f"── hook {short(str(event.get('command', '')))}: {message or event.get('exit_code')}")
    return "\n".join(lines)


_NOT_FETCHED = {"submodules": "submodules", "lfs": "Git LFS files"}


def _some(event: TranscriptEvent) -> str:
    paths, count = list(event.get("paths", ())), event.get("count", 0)
    more = int(count) - len(paths) if isinstance(count, int) else 0
    return ", ".join(map(str, paths)) + (f" and {more} more" if more > 0 else "")


_REMARKS: dict[str, Callable[[TranscriptEvent], str]] = {
    "turn-started": lambda one: f"── turn {one['turn']}: {short(str(one.get('task', '')))}",
    "turn-finished": lambda one: (
        f"── turn {one['turn']} ended with exit code {one.get('exit_code')} after {one.get('seconds')} s"
    ),
    "hook-finished": _hook,
    "refused": lambda one: f"!! refused by the network policy: {one.get('host') or 'no host'} ({one.get('reason')})",
    "pushed": lambda one: f"── pushed: the session's branch is at {str(one.get('commit'))[:12]}",
    "not-pushed": lambda one: (
        f"!! not pushed, {str(one.get('commit'))[:12]} exists in the session alone: {one.get('reason')}"
    ),
    "lost": lambda one: (
        f"!! events {one['first']} to {one['last']} are lost: neither the engine nor the session's disk could keep them"
    ),
    "not-fetched": lambda one: (
        f"!! not fetched, {_NOT_FETCHED.get(str(one.get('what')), one.get('what'))} {_some(one)}: {one.get('advice')}"
    ),
    "session-ended": lambda one: f"── session {one.get('state')}: {one.get('reason')}",
}


def _remark(event: TranscriptEvent) -> str:
    """What a person reads of an event that is no output; empty: nothing."""
    told = _REMARKS.get(event["type"])
    return told(event) if told else ""


def _outcome(session: Session) -> str:
    if session.reason and session.state is not SessionState.IDLE:
        return f"{session.state}, {session.reason}"
    return str(session.state) if session.exit_code is None else f"{session.state}, exit code {session.exit_code}"


def _started(one: Session) -> dict[str, object]:
    keys = ("id", "environment", "revision", "state", "branch", "container", "agent", "created")
    return {key: getattr(one, key) for key in keys}


def row(one: Session) -> dict[str, object]:
    """What `tasks --json` says of a session."""
    keys = ("id", "environment", "revision", "state", "exit_code", "branch", "task", "agent", "repository", "turns")
    return {key: getattr(one, key) for key in (*keys, "created", "started", "finished", "reason")}


def cells(one: Session) -> list[str]:
    """Its row in the table, one text for each of `COLUMNS`."""
    return [one.id, one.environment, shown_state(one), age(one.created), one.branch, short(one.task)]


def shown_state(one: Session) -> str:
    return f"{one.state} ({one.exit_code})" if one.state is SessionState.FAILED and one.exit_code else str(one.state)


def short(text: str) -> str:
    """The first line of a task, cut, without what a terminal would obey."""
    first = text.strip().splitlines()[0] if text.strip() else ""
    more = len(first) > _TASK_WIDTH or "\n" in text.strip()
    printable = "".join(letter if letter.isprintable() else "·" for letter in first[:_TASK_WIDTH])
    return printable + ("…" if more else "")


def age(created: str, now: dt.datetime | None = None) -> str:
    """How long ago, in the largest fitting unit: `3m`."""
    try:
        began = dt.datetime.fromisoformat(created)
    except ValueError:
        return "?"
    seconds = max(0, int(((now or dt.datetime.now(dt.UTC)) - began).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
