"""`toolkit network`: what the sessions of an environment reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import quick
from toolkit.cli.names import (
    EnvironmentName,  # noqa: TC001 -- typer reads the annotations while it runs
    SessionId,  # noqa: TC001
)
from toolkit.views import network as views

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = typer.Typer(
    name="network",
    help="What the sessions of an environment reach: show the rules, check a URL, update a running session.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("show")
def show(context: typer.Context, name: EnvironmentName) -> None:
    """Show the effective network policy, rule by rule, and where each rule comes from.

    The first rule that matches decides.

    \b
    toolkit network show web-app
    toolkit network show web-app --json | jq .groups
    """
    from toolkit.workflows.network import policy_of

    invocation: Invocation = context.obj
    views.show_policy(invocation.console, name, policy_of(invocation.root, name))


@app.command("update")
def update(context: typer.Context, session: SessionId) -> None:
    """Give a session the network policy that its declaration has now; its gateway restarts, so open tunnels end.

    \b
    toolkit network update calm-otter
    """
    from toolkit.engines.connection import connect
    from toolkit.workflows.gateway_changes import update as renew

    invocation: Invocation = context.obj
    views.show_update(invocation.console, renew(invocation.root, connect(), session))


@app.command("check")
def check(
    context: typer.Context,
    name: EnvironmentName,
    url: Annotated[str, typer.Argument(metavar="URL", help="A URL, or a host: then https is meant.")],
) -> None:
    """Would this URL pass, and by which rule? Exit 0: allowed, 1: denied. Nothing is sent.

    \b
    toolkit network check web-app https://api.example.com/v1
    toolkit network check web-app telemetry.example.com
    """
    raise typer.Exit(quick.check_url(context.obj, name, url))
