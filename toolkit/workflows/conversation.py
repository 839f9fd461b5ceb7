"""`toolkit console`: a conversation becomes a session's context, and what the session prints a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.conversation import Part
from toolkit.model.session import SessionState
from toolkit.sessions import records
from toolkit.workflows import remote, sessions
from toolkit.workflows.remote import RemoteOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.conversation import Conversation, Saying
    from toolkit.model.event import OnEvent
    from toolkit.model.session import Session
    from toolkit.sessions.transcript import TranscriptEvent

LONGEST = 48_000  # bytes: presets are given it in one argument, beside what hooks say
_LONGEST_OUTPUT = 8_000  # characters of one session, its last ones
_INTRODUCTION = "This was said before the task was given; the task itself is told apart from it."
_LEFT_OUT = "(What was said before this is left out.)"
_AT_REST = frozenset(SessionState) - {SessionState.PREPARING, SessionState.RUNNING}


def start(root: Path, engine: Engine, conversation: Conversation, task: str, on_event: OnEvent) -> Session:
    """A session that knows what was said before its task."""
    return remote.start(root, engine, RemoteOrder(task=task, context=context_of(conversation)), on_event)


def follow(engine: Engine, prefix: str, on_event: Callable[[TranscriptEvent], None], *, to_the_end: bool) -> None:
    """What the session has done so far and then to the end of its turn; `to_the_end`: of the session.

    Raises:
        NotFoundError: there is none.
    """
    container = records.container_of(engine, prefix)
    if not to_the_end and records.record(engine, container).state not in _AT_REST:
        sessions.wait(engine, prefix, timeout=None, on_output=on_event, replay=True)
        return
    for event in sessions.events(engine, prefix, follow=to_the_end):
        on_event(event)


def context_of(conversation: Conversation) -> str:
    """What an agent is told of it, as Markdown of at most `LONGEST` bytes; empty where nothing was said.

    Where it is too long the newest part is told, and the plan for this task first of all.
    """
    if not conversation.said:
        return ""
    plan = conversation.plan
    steps = "\n".join(f"{number}. {_beside(text)}" for number, text in enumerate(plan, 1))
    planned = _cut(f"## The plan for this task\n\n{steps}\n", LONGEST // 2) if plan else ""
    head = f"# The conversation so far\n\n{_INTRODUCTION}\n"
    room = LONGEST - len(f"{head}\n{planned}\n{_LEFT_OUT}\n\n".encode())
    earlier = _newest([_told(one) for one in _earlier(conversation)], room)
    return "\n".join(filter(None, (head, earlier, planned)))


def _earlier(conversation: Conversation) -> Iterator[Saying]:
    """All but the steps of the plan that goes with the next task."""
    return iter(conversation.without_plan().said)


def _told(one: Saying) -> str:
    if one.part is Part.OUTPUT:
        lines = one.text[-_LONGEST_OUTPUT:].rstrip("\n").splitlines()
        return "\n".join((f"- {one.session} printed:", *(f"  > {line}" for line in lines)))
    if one.part is Part.TASK:
        return f"- {one.session or 'a session that is being started'} was given the task: {_beside(one.text)}"
    return f"- {'planned' if one.part is Part.STEP else 'noted'}: {_beside(one.text)}"


def _beside(text: str) -> str:
    """More lines stand below the first one, inside its item."""
    return text.strip().replace("\n", "\n  ")


def _newest(told: list[str], room: int) -> str:
    kept: list[str] = []
    for one in reversed(told):
        room -= len(one.encode(errors="replace")) + 1
        if room < 0:
            kept.append(_LEFT_OUT)
            break
        kept.append(one)
    return "".join(f"{one}\n" for one in reversed(kept))


def _cut(text: str, size: int) -> str:
    encoded = text.encode(errors="replace")
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore") + "…\n"
