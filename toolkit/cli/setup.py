"""`toolkit setup`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()

CheckOnly = Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if something is missing.")]


@app.command("setup")
def setup(context: typer.Context, check: CheckOnly = False) -> None:
    """Make this machine ready: engine, Pulumi, its plugins, base images, site settings.

    Each step says “found”, “installed” or “needs you”. Run it as often as you like.
    """
    from toolkit.model.check import Status
    from toolkit.views import checks as views
    from toolkit.workflows import setup as workflow

    invocation: Invocation = context.obj
    done = []
    for one in workflow.run(invocation.root_if_any, invocation.console.event, change=not check):
        views.show_check(invocation.console, one)
        done.append(one)
    views.show_document(invocation.console, done)
    raise typer.Exit(1 if any(one.status is Status.FAIL for one in done) else 0)
