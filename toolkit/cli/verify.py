"""`toolkit verify NAME`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while it runs
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import ENVIRONMENT_TYPE

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


@app.command("verify")
def verify(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="An environment.", click_type=ENVIRONMENT_TYPE)] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every environment that is not archived.")] = False,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Also write a JUnit report.")] = None,
) -> None:
    """Start the environment, and prove what its declaration says. Exit 1 if any check fails.

    \b
    toolkit verify web-app
    toolkit verify --all --junit report.xml
    """
    from toolkit.engines.connection import connect
    from toolkit.errors import UsageError
    from toolkit.views import verification as views
    from toolkit.workflows import declarations
    from toolkit.workflows import verify as workflow

    if bool(name) == everything:
        raise UsageError("name one environment, or --all", hint="toolkit env list shows them")
    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.root
    if junit is not None:
        workflow.write_report(junit, b"")  # told before anything starts, and no earlier report stays in its place
    if everything:
        names = tuple(one.name for one in declarations.all_environments(root) if not one.archived)
        found = workflow.verify_all(root, connect(), names, console.event)
    else:
        found = (workflow.verify(root, connect(), name, console.event),)
    if junit is not None:
        workflow.write_report(junit, views.junit(found))
    views.show(console, found, one=not everything)
    raise typer.Exit(0 if all(one.passed for one in found) else 1)
