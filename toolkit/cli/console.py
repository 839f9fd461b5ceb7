"""`toolkit console`: a prompt for a conversation with several sessions."""

from __future__ import annotations

import typer

from toolkit.cli.app import verbs

app = verbs()


@app.command("console")
def console(context: typer.Context) -> None:
    """A prompt where & TASK starts a session with the conversation so far.

    A plain line is a note; notes, earlier tasks and what /logs showed are what the next session is told. /plan collects
    a plan, which goes with the next task. Every verb on sessions works with a slash: /tasks (t teleports, l logs, s
    stops), /teleport, /remote-env, /logs … The id may be left out for the session that was started last.

    ctrl-c clears the line, ctrl-d leaves. Lines from a pipe are carried out in order; the exit code is 1 if one failed.

    \\b
    toolkit console
    printf '%s\\\\n' 'use pytest' '& make test' /wait /logs | toolkit console
    """
    from toolkit.cli.console_loop import converse

    raise typer.Exit(converse(context.obj))
