"""What `toolkit console` says by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.views.sessions import show_started

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.conversation import Conversation
    from toolkit.model.session import Session

_SHOWN = 60
_HELP = (
    ("& TASK", "start a session that knows the conversation so far"),
    ("TEXT", "a note for the next session; after /plan, a step of its plan"),
    ("/tasks", "the sessions: arrow keys, t teleports, l shows logs, s stops"),
    ("/logs [ID]", "what a session printed, to the end of its turn; it becomes part of the conversation"),
    ("/plan", "begin or end a plan, which goes with the next task; /plan clear drops it"),
    ("/notes", "the conversation as the next session will read it; /notes clear forgets it"),
    ("/help [COMMAND]", "this, or the options of a command"),
    ("/quit", "leave, as ctrl-d does; sessions go on"),
)


def greet(console: Console) -> None:
    console.note("& TASK starts a session, other lines are notes for it; /help shows the rest, ctrl-d leaves")


def prompt(*, planning: bool) -> str:
    return "plan> " if planning else "> "


def show_prompt(console: Console, line: str, *, planning: bool) -> None:
    """For a line that nobody typed."""
    console.note(f"{prompt(planning=planning)}{line}")


def show_begun(console: Console, task: str) -> None:
    console.note(f"… starting: {_first_line(task)}")


def show_given(console: Console, session: Session, *, task: str = "") -> None:
    """`task`: where more than one may have been given since."""
    if console.as_json:
        show_started(console, session)
        return
    if task:
        console.note(f"✓ started: {_first_line(task)}")
    console.line(session.id)
    console.note("  /logs follows it, /tasks lists all, /teleport brings one home")


def show_not_started(console: Console, task: str) -> None:
    console.note(f"✗ not started: {_first_line(task)}")


def show_waiting(console: Console, count: int) -> None:
    console.note(f"waiting for the start of {_sessions(count)}")


def show_given_up(console: Console, count: int) -> None:
    console.note(
        f"\ngave up the start of {_sessions(count)}; 'toolkit tasks' shows what runs all the same, "
        "'toolkit doctor --fix' removes what is left of the others"
    )


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _first_line(task: str) -> str:
    first = task.strip().partition("\n")[0]
    return first if len(first) <= _SHOWN else f"{first[: _SHOWN - 1]}…"


def show_plan(console: Console, conversation: Conversation, *, begins: bool) -> None:
    if begins:
        console.note("each line is a step of the plan, which goes with the next & TASK; /plan ends it")
        return
    for number, text in enumerate(conversation.plan, 1):
        console.note(f"{number}. {text}")
    console.note("this goes with the next & TASK" if conversation.plan else "the plan is empty")


def show_context(console: Console, text: str) -> None:
    if console.as_json:
        console.document({"context": text})
    elif text:
        console.line(text.rstrip("\n"))
    else:
        console.note("nothing was said yet")


def show_help(console: Console, verbs: Sequence[str]) -> None:
    width = max(len(name) for name, _ in _HELP)
    for name, meaning in _HELP:
        console.line(f"{name.ljust(width)}  {meaning}")
    console.line(f"as on the command line: {' '.join(f'/{name}' for name in verbs)}")
