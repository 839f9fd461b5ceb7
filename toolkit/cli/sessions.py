"""The verbs on sessions that exist: tasks, logs, wait, exec, send, cp, stop, resume, archive, rm."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import quick
from toolkit.cli.app import verbs
from toolkit.cli.names import STATE_TYPE, SessionId

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.engines.base import Engine

app = verbs()


def _engine() -> Engine:
    from toolkit.engines.connection import connect

    return connect()


def _console(context: typer.Context) -> Console:
    console: Console = context.obj.console
    return console


@app.command("tasks")
def tasks(
    context: typer.Context,
    state: Annotated[
        str, typer.Option("--state", help="Only sessions in this state.", metavar="STATE", click_type=STATE_TYPE)
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Archived ones too.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Follow them until ctrl-c.")] = False,
) -> None:
    """List the sessions of this engine: id, environment, state, age, branch, task.

    With --watch: a table that stays up to date; without a terminal one line for each change, the sessions that are
    there first; with --json one document a line for each change (added, changed, left, removed).

    \b
    toolkit tasks --state running
    toolkit tasks --watch
    toolkit tasks --json | jq -r '.sessions[].id'
    """
    if watch:
        from toolkit.views.session_watch import show_watch
        from toolkit.workflows import session_watch

        show_watch(_console(context), session_watch.watch(_engine(), state=state, everything=everything))
        return
    from toolkit.views import sessions as views
    from toolkit.workflows.session_list import listed

    views.show_sessions(_console(context), listed(_engine(), state=state, everything=everything))


@app.command("logs")
def logs(
    context: typer.Context,
    session: SessionId,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the session ends.")] = False,
) -> None:
    """Show what the session's agent printed; with --json every event, one a line."""
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    for event in workflow.events(_engine(), session, follow=follow):
        views.show_event(_console(context), event)


@app.command("wait")
def wait(
    context: typer.Context,
    session: SessionId,
    timeout: Annotated[str, typer.Option("--timeout", help="Give up after this long: 45s, 10m.", metavar="T")] = "",
) -> None:
    """Wait until the session's turn is done; exit 0 only if it succeeded."""
    from toolkit.durations import seconds_of
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    limit = seconds_of(timeout) if timeout else None
    finished = workflow.wait(_engine(), session, timeout=limit, on_output=lambda _event: None)
    views.show_finished(_console(context), finished)
    raise typer.Exit(0 if finished.exit_code == 0 else 1)


@app.command("exec", context_settings={"ignore_unknown_options": True})
def execute(
    context: typer.Context,  # noqa: ARG001 -- the form of every verb
    session: SessionId,
    command: Annotated[list[str], typer.Argument(help="The command and its words, after --.", metavar="-- CMD")],
) -> None:
    """Run a command beside the session's agent, in its repository, with the variables that hooks have set.

    The exit code is the command's, and what asks this call to end (ctrl-c, SIGTERM) reaches the command.

    \b
    toolkit exec calm-otter -- git log --oneline
    toolkit exec calm-otter -- bash
    """
    from toolkit.workflows import sessions as workflow

    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(workflow.execute(_engine(), session, command, environment=_terminal(), terminal=terminal))


@app.command("attach")
def attach(context: typer.Context, session: SessionId) -> None:  # noqa: ARG001 -- the form of every verb
    """Join the session's turn: its output as it comes, and what you type is its input.

    ctrl-p ctrl-q, or ctrl-c, leaves; nothing is stopped by that, and several may have joined at once. For the agents
    claude and codex, which read no input, what you type is the next turn.

    \b
    toolkit attach calm-otter
    """
    from toolkit.workflows import sessions as workflow

    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(workflow.attach(_engine(), session, environment=_terminal(), terminal=terminal))


def _terminal() -> dict[str, str]:
    import os

    return {"TERM": os.environ["TERM"]} if sys.stdin.isatty() and os.environ.get("TERM") else {}


@app.command("send")
def send(
    context: typer.Context,
    session: SessionId,
    text: Annotated[str, typer.Argument(help="The task of the next turn.", metavar="TEXT")],
) -> None:
    """Queue the session's next turn."""
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    views.show_sent(_console(context), workflow.send(_engine(), session, text))


@app.command("cp")
def copy(
    context: typer.Context,  # noqa: ARG001 -- the form of every verb
    source: Annotated[str, typer.Argument(help="A path here, or ID:PATH.", metavar="SRC")],
    target: Annotated[str, typer.Argument(help="A path here, or ID:PATH.", metavar="DST")],
) -> None:
    """Copy files between here and a session; relative session paths begin in its repository.

    \b
    toolkit cp calm-otter:report.html .
    toolkit cp notes.md calm-otter:/workspace/
    """
    from toolkit.workflows import copying

    copying.copy(_engine(), source, target)


@app.command("stop")
def stop(context: typer.Context, session: SessionId) -> None:
    """End the session's processes; its disk stays, and resume goes on from there."""
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    views.show_changed(_console(context), workflow.stop(_engine(), session))


@app.command("resume")
def resume(context: typer.Context, session: SessionId) -> None:
    """Start a stopped session again, an archived one too, on the same disk; network secrets are read anew."""
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    views.show_changed(_console(context), workflow.resume(_engine(), session, root=context.obj.root_if_any))


@app.command("archive")
def archive(context: typer.Context, session: SessionId) -> None:
    """Stop the session and put it away: its disk stays, and nothing can be sent to it until resume takes it out.

    What it has committed is pushed first, as by stop. Logs, audit, diff and teleport go on working.

    \b
    toolkit archive calm-otter
    toolkit tasks --state archived
    toolkit resume calm-otter
    """
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    views.show_changed(_console(context), workflow.archive(_engine(), session))


@app.command("rm")
def remove(
    context: typer.Context,
    session: SessionId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also drop commits that exist only there.")] = False,
) -> None:
    """Remove the session with its disk and its network."""
    from toolkit.errors import ToolkitError
    from toolkit.workflows.sessions import identity as whole_id

    if not yes:
        console, identity = _console(context), whole_id(_engine(), session)
        if not console.interactive:
            raise ToolkitError(f"removing {identity} needs a yes", hint=f"toolkit rm {identity} --yes")
        if not console.confirm(f"Remove {identity} with its disk?"):
            raise typer.Exit(1)
    quick.remove(context.obj, session, force=force)
