"""What a line of `toolkit console` means: a note, a task after `&`, or a verb after `/`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolkit.cli.invocation import split_global_options
from toolkit.errors import ToolkitError, UsageError
from toolkit.model.conversation import NOTHING_SAID
from toolkit.views import conversation as views

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from toolkit.cli.console_starts import Starts
    from toolkit.cli.invocation import Invocation
    from toolkit.model.conversation import Conversation
    from toolkit.model.event import OnEvent
    from toolkit.model.session import Session
    from toolkit.sessions.transcript import TranscriptEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Where the conversation stands. `last`: the session that was started last. `failed`: a line did.

    `starts`: what starts sessions beside the prompt, so many of whose answers are known here; without it a line ends
    when its session runs.
    """

    conversation: Conversation = NOTHING_SAID
    planning: bool = False
    last: str = ""
    over: bool = False
    failed: bool = False
    starts: Starts | None = None
    answers: int = 0

    def up_to_date(self) -> Talk:
        """With the sessions that have started since, and without the tasks that could not be given."""
        found = self
        for one in self.starts.answers()[self.answers :] if self.starts else ():
            found = replace(
                found,
                conversation=found.conversation.answered(one.task, one.session),
                last=one.session or found.last,
                answers=found.answers + 1,
            )
        return found

    def after_all_starts(self) -> Talk:
        if self.starts:
            self.starts.wait()
        return self.up_to_date()


def carry_out(invocation: Invocation, talk: Talk, line: str) -> Talk:
    """What the line asks for is done, or told why not; on a terminal an interrupt ends the line alone."""
    from toolkit.cli.main import EXIT_INTERRUPTED, guarded

    after = talk

    def work() -> int:
        nonlocal after
        after = _understood(invocation, talk, line.strip())
        return 0

    code = guarded(invocation.console, [line.split(" ", 1)[0]], work)
    if code == EXIT_INTERRUPTED and not invocation.console.interactive:
        raise KeyboardInterrupt  # a script is ended as a whole
    return replace(after, failed=True) if code else after


def _understood(invocation: Invocation, talk: Talk, line: str) -> Talk:
    if not line:
        return talk
    if line.startswith("&"):
        return _start(invocation, talk, line[1:].strip())
    if line.startswith("/"):
        return _verb(invocation, talk, line[1:])
    if talk.planning:
        return replace(talk, conversation=talk.conversation.planned(line))
    return replace(talk, conversation=talk.conversation.noted(line))


def _start(invocation: Invocation, talk: Talk, task: str) -> Talk:
    from toolkit.engines.connection import connect
    from toolkit.workflows import conversation as workflow

    if not task:
        raise UsageError("the task is empty", hint="& TASK starts a session")
    root, conversation = invocation.root, talk.conversation
    after = replace(talk, conversation=conversation.given(task), planning=False)

    def work(on_event: OnEvent) -> Session:
        return workflow.start(root, connect(), conversation, task, on_event)

    if talk.starts:
        talk.starts.begin(task, work)
        views.show_begun(invocation.console, task)
        return after
    session = work(invocation.console.event)
    views.show_given(invocation.console, session)
    return replace(after, conversation=after.conversation.answered(task, session.id), last=session.id)


def _verb(invocation: Invocation, talk: Talk, line: str) -> Talk:
    try:
        name, *words = shlex.split(line) or [""]
    except ValueError as error:
        raise UsageError(f"a quote is open in /{line}") from error
    if name in OWN:
        return OWN[name](invocation, talk, words)
    if name not in VERBS:
        from toolkit.diagnostics import did_you_mean

        meant = did_you_mean(name, [*OWN, *VERBS]).replace("'", "'/", 1)
        raise UsageError(f"no command /{name}", hint=f"{meant} /help lists them".strip())
    if name in _FOR_TERMINALS and not invocation.console.interactive:
        raise ToolkitError(f"/{name} needs a terminal", hint=f"outside the console: toolkit {name} ID")
    if name in _OF_ONE_SESSION and not words:
        talk = talk.after_all_starts()
        words = [talk.last] if talk.last else []
    return _through_the_tree(invocation, talk, [name, *words])


def _through_the_tree(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    """The same verb as on the command line, with its options and the global ones."""
    from toolkit.cli.main import through_the_tree

    options, rest = split_global_options(words)
    code = through_the_tree(invocation.with_options(options), rest)
    return replace(talk, failed=talk.failed or code != 0)


def _tasks(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    """On a terminal a list to choose from, unless options are given."""
    if words or not invocation.console.interactive:
        return _through_the_tree(invocation, talk, ["tasks", *words])
    from toolkit.cli.console_tasks import pick
    from toolkit.engines.connection import connect

    while (picked := pick(invocation.console, connect())) is not None:
        if picked.verb == "logs":
            return _logs(invocation, talk, [picked.session])
        talk = _through_the_tree(invocation, talk, [picked.verb, picked.session])
        if picked.verb != "stop":
            break
    return talk


def _logs(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    """What was shown is part of the conversation, also where the user has seen enough."""
    from toolkit.engines.connection import connect
    from toolkit.views.sessions import show_event
    from toolkit.workflows import conversation as workflow
    from toolkit.workflows.sessions import identity

    names = [one for one in words if one not in _FOLLOW]
    if not names:
        talk = talk.after_all_starts()
        names = [talk.last]
    if len(names) > 1 or names[0].startswith("-") or not names[0]:
        raise UsageError("/logs needs one session", hint="/logs ID; with -f to the end of the session")
    engine = connect()
    session, shown = identity(engine, names[0]), list[str]()

    def show(event: TranscriptEvent) -> None:
        show_event(invocation.console, event)
        if event["type"] in {"output", "agent"}:
            shown.append(str(event.get("text", "")))

    try:
        workflow.follow(engine, session, show, to_the_end=len(names) < len(words))
    except KeyboardInterrupt:
        if not invocation.console.interactive:
            raise
        invocation.console.note("")
    return replace(talk, conversation=talk.conversation.printed("".join(shown), session))


def _plan(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    if list(words) == ["clear"]:
        return replace(talk, planning=False, conversation=talk.conversation.without_plan())
    if words:
        raise UsageError(f"/plan does not know '{' '.join(words)}'", hint="/plan begins and ends it, /plan clear drops")
    views.show_plan(invocation.console, talk.conversation, begins=not talk.planning)
    return replace(talk, planning=not talk.planning)


def _notes(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    from toolkit.workflows.conversation import context_of

    if list(words) == ["clear"]:
        return replace(talk, conversation=NOTHING_SAID)
    if words:
        raise UsageError(f"/notes does not know '{' '.join(words)}'", hint="/notes shows all, /notes clear forgets all")
    views.show_context(invocation.console, context_of(talk.conversation))
    return talk


def _help(invocation: Invocation, talk: Talk, words: Sequence[str]) -> Talk:
    name = words[0].removeprefix("/") if words else ""
    if name in {*VERBS, "tasks"}:
        return _through_the_tree(invocation, talk, [name, "--help"])
    views.show_help(invocation.console, VERBS)
    return talk


def _quit(_invocation: Invocation, talk: Talk, _words: Sequence[str]) -> Talk:
    return replace(talk, over=True)


OWN: Mapping[str, Callable[[Invocation, Talk, Sequence[str]], Talk]] = {
    "tasks": _tasks,
    "logs": _logs,
    "plan": _plan,
    "notes": _notes,
    "help": _help,
    "quit": _quit,
    "exit": _quit,
}
VERBS = (
    *("teleport", "tp", "remote-env", "send", "wait", "attach", "exec", "cp", "diff", "pr", "audit"),
    *("stop", "resume", "archive", "rm"),
)
_OF_ONE_SESSION = frozenset({"wait", "attach", "diff", "pr", "audit", "stop", "resume", "archive", "rm"})
_FOR_TERMINALS = frozenset({"attach", "exec"})  # in a pipe they would take the next lines for their own input
_FOLLOW = frozenset({"-f", "--follow"})
