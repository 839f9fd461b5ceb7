"""`toolkit env export` and `toolkit env import`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations while it runs
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.names import EnvironmentName  # noqa: TC001 -- typer reads the annotations while it runs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation


def export(
    context: typer.Context,
    name: EnvironmentName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: .devcontainer/devcontainer.json.", metavar="FILE")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that say something else.")] = False,
) -> None:
    """Write an environment as a devcontainer.json; what that cannot say is listed.

    \b
    toolkit env export web-app
    toolkit env export web-app --output .devcontainer/web-app/devcontainer.json
    """
    from toolkit.views.devcontainer import show_exported
    from toolkit.workflows import devcontainer

    invocation: Invocation = context.obj
    done = devcontainer.export(invocation.root, name, output=output, force=force)
    show_exported(invocation.console, done)


def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A devcontainer.json.")],
    name: Annotated[str, typer.Option(help="Default: made of the devcontainer's own.", metavar="NAME")] = "",
) -> None:
    """Write an environment from a devcontainer.json; what a declaration cannot say is listed.

    \b
    toolkit env import .devcontainer/devcontainer.json --name web-app
    """
    from toolkit.views.devcontainer import show_imported
    from toolkit.workflows import devcontainer

    invocation: Invocation = context.obj
    show_imported(invocation.console, devcontainer.import_(invocation.root, file, name=name))
