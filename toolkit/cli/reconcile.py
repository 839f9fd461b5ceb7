"""`toolkit reconcile`: the checkout follows its remote, and the engine follows the checkout."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while it runs
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


@app.command("reconcile")
def reconcile(
    context: typer.Context,
    interval: Annotated[
        str, typer.Option("--interval", help="Go on for ever, with this pause: 30s, 5m.", metavar="T")
    ] = "",
    branch: Annotated[
        str, typer.Option("--branch", help="The branch to follow, instead of the one checked out.", metavar="B")
    ] = "",
    remote: Annotated[str, typer.Option("--remote", help="The remote to fetch from.", metavar="NAME")] = "origin",
    stack: Annotated[str, typer.Option("--stack", metavar="S", help="The Pulumi stack.")] = "local",
    status: Annotated[
        Path | None,
        typer.Option("--status", help="Where the status document goes (default: .toolkit/reconcile.json)."),
    ] = None,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Make a stand-in for a base that cannot be pulled.")
    ] = False,
) -> None:
    """Fetch, validate, build what changed, prune, report. A bad commit is refused and the last good one stays.

    Works in a clone of its own, whose branch it moves forward. Exit 0: what the branch is at is in force; 1: it is not.

    \b
    toolkit reconcile --json
    toolkit reconcile --interval 5m --status /run/toolkit/status.json
    """
    import time

    from toolkit import paths
    from toolkit.documents import files
    from toolkit.durations import seconds_of
    from toolkit.views import reconcile as views
    from toolkit.workflows import reconcile as workflow

    invocation: Invocation = context.obj
    console = invocation.console
    request = workflow.Request(root=invocation.root, stack=stack, remote=remote, branch=branch, bootstrap=bootstrap)
    pause = seconds_of(interval) if interval else 0.0
    place = status or paths.project_state(request.root) / "reconcile.json"
    for found in workflow.rounds(request, console.event):
        place.parent.mkdir(parents=True, exist_ok=True)
        files.replace(place, views.document(found))
        views.show_round(console, found)
        if not interval:
            raise typer.Exit(0 if found.state.is_good else 1)
        time.sleep(pause)
