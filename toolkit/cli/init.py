"""`toolkit init`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()

Folder = Annotated[Path, typer.Argument(help="The project's folder; made where it is missing.", metavar="[DIR]")]


@app.command("init")
def init(context: typer.Context, folder: Folder = Path()) -> None:
    """Lay down a first environment, the Pulumi project, .gitignore and a CI workflow; overwrites nothing."""
    from toolkit.views import init as views
    from toolkit.workflows import init as workflow

    invocation: Invocation = context.obj
    views.show(invocation.console, workflow.lay_down(folder))
