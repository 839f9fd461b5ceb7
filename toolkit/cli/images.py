"""`toolkit images`: what the engine has of earlier builds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = typer.Typer(
    name="images",
    help="The images of this stack: prune those of earlier builds.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def images() -> None:
    """The images of this stack: prune those of earlier builds."""


@app.command("prune")
def prune(
    context: typer.Context,
    stack: Annotated[str, typer.Option("--stack", metavar="S", help="The Pulumi stack.")] = "local",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Remove nothing; exit 4 if there is something to.")] = False,
) -> None:
    """Remove images of earlier builds that no declaration asks for and no session uses; never anybody else's.

    \b
    toolkit images prune --check
    toolkit images prune --yes
    """
    from toolkit.cli.main import EXIT_CHANGES, EXIT_OK
    from toolkit.views import images as views
    from toolkit.workflows import image_cleaning

    invocation: Invocation = context.obj
    console = invocation.console
    request = image_cleaning.Request(root=invocation.root, stack=stack)
    found = image_cleaning.stale(request)
    if check or not found:
        views.show_stale(console, found)
        raise typer.Exit(EXIT_CHANGES if found else EXIT_OK)
    if not yes:
        views.list_stale(console, found)
        if not console.interactive:
            raise ToolkitError("removing images needs a yes", hint="toolkit images prune --yes")
        if not console.confirm(f"Remove {len(found)} image(s)?"):
            raise typer.Exit(1)
    views.show_pruned(console, image_cleaning.prune(request, console.event))
