"""`toolkit prebuild` and `toolkit cache`: the snapshots that setup scripts leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import EnvironmentName  # noqa: TC001 -- typer reads the annotations while it runs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()
cache = typer.Typer(
    help="The snapshots that setup scripts left: list, reset.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cache, name="cache")


@app.command("prebuild")
def prebuild(context: typer.Context, name: EnvironmentName) -> None:
    """Run the environment's setup script now and keep its snapshot, so that the next session starts at once.

    \b
    toolkit prebuild web-app
    """
    from toolkit.engines.connection import connect
    from toolkit.views import snapshots as views
    from toolkit.workflows import preparation

    invocation: Invocation = context.obj
    found, made = preparation.prebuild(invocation.root, connect(), name, invocation.console.event)
    views.show_prebuilt(invocation.console, name, found, made=made)


@cache.command("list")
def list_snapshots(context: typer.Context) -> None:
    """List the snapshots of this engine: environment, key, age, size.

    \b
    toolkit cache list --json | jq '.snapshots[].environment'
    """
    from toolkit.engines.connection import connect
    from toolkit.views import snapshots as views
    from toolkit.workflows import preparation

    views.show_list(context.obj.console, preparation.cached(connect()))


@cache.command("reset")
def reset(context: typer.Context, name: EnvironmentName) -> None:
    """Forget the environment's snapshots: the next session runs its setup script anew.

    \b
    toolkit cache reset web-app
    """
    from toolkit.engines.connection import connect
    from toolkit.views import snapshots as views
    from toolkit.workflows import preparation

    invocation: Invocation = context.obj
    views.show_reset(invocation.console, name, preparation.reset(invocation.root, connect(), name))
