"""`toolkit audit ID`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import SessionId  # noqa: TC001 -- typer reads the annotations while it runs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


@app.command("audit")
def audit(
    context: typer.Context,
    session: SessionId,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the gateway ends.")] = False,
    denied: Annotated[bool, typer.Option("--denied", help="Only what was refused.")] = False,
) -> None:
    """Show every network decision of the session, with the rule that made it. Paths and queries are not recorded.

    \b
    toolkit audit calm-otter --denied
    toolkit audit calm-otter --json | jq '.entries[] | select(.decision == "deny").host'
    """
    from toolkit.engines.connection import connect
    from toolkit.views import audit as views
    from toolkit.workflows import audit as workflow

    invocation: Invocation = context.obj
    if follow:
        views.show_entries(invocation.console, workflow.follow(connect(), session), denied=denied)
        return
    views.show_trail(invocation.console, workflow.audit(connect(), session), denied=denied)
