"""`toolkit diff` and `toolkit pr`."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import SessionId  # noqa: TC001 -- typer reads the annotations while it runs

app = verbs()


@app.command("diff")
def diff(context: typer.Context, session: SessionId) -> None:
    """Show what a session changed since it began, as a patch; a running one with its uncommitted work.

    \b
    toolkit diff calm-otter | less
    toolkit diff calm-otter | git apply --stat
    """
    from toolkit.engines.connection import connect
    from toolkit.views import teleport as views
    from toolkit.workflows import session_changes as workflow

    views.show_changes(context.obj.console, workflow.changes(connect(), session))


@app.command("pr")
def pull_request(
    context: typer.Context,
    session: SessionId,
    open_it: Annotated[bool, typer.Option("--open", help="Open it by gh, as you, instead of printing where.")] = False,
) -> None:
    """Print the page where the pull request of a session's branch can be opened, its fields filled in."""
    from toolkit.engines.connection import connect
    from toolkit.views import teleport as views
    from toolkit.workflows import session_changes as workflow

    wanted = workflow.pull_request_of(connect(), session)
    opened = workflow.open_pull_request(wanted) if open_it else ""
    views.show_pull_request(context.obj.console, wanted, opened=opened)
