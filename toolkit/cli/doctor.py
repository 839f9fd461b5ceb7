"""`toolkit doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()

Fix = Annotated[bool, typer.Option("--fix", help="Remove leftovers of launches that were cut off.")]


@app.command("doctor")
def doctor(context: typer.Context, fix: Fix = False) -> None:
    """Look at engine, Pulumi, plugin, base images, disk and leftovers: what is wrong, and what mends it."""
    from toolkit.model.check import Status
    from toolkit.views import checks as views
    from toolkit.workflows import doctor as workflow

    invocation: Invocation = context.obj
    done = []
    for one in workflow.run(invocation.root_if_any, invocation.console.event, fix=fix):
        views.show_check(invocation.console, one)
        done.append(one)
    views.show_document(invocation.console, done)
    raise typer.Exit(1 if any(one.status is Status.FAIL for one in done) else 0)
