"""`toolkit env approve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.names import EnvironmentName  # noqa: TC001 -- typer reads the annotations while it runs
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation


def approve(
    context: typer.Context,
    name: EnvironmentName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Show what an environment takes from this host (its secrets), and approve it for this repository.

    \b
    toolkit env approve web-app
    toolkit env approve web-app --yes
    """
    from toolkit.views import approval as views
    from toolkit.workflows import approval as workflow

    invocation: Invocation = context.obj
    console, root = invocation.console, invocation.root
    asked = workflow.request(root, name)
    views.show_request(console, asked)
    if not asked.approved:
        if not yes and not console.interactive:
            raise ToolkitError(
                f"approving what '{name}' takes from this host needs a yes, and nobody can be asked",
                hint=f"look at it, then: toolkit env approve {name} --yes",
                code="not-confirmed",
            )
        if not yes and not console.confirm("Approve this?"):
            console.note("nothing was approved")
            raise typer.Exit(1)
        workflow.approve(root, asked)
    views.show_result(console, asked, changed=not asked.approved)
