"""`toolkit remote-env`: which environment sessions get."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import quick
from toolkit.cli.app import verbs
from toolkit.cli.names import ENVIRONMENT_TYPE
from toolkit.errors import ToolkitError, UsageError
from toolkit.settings import Layer
from toolkit.views.selection import choice_title, show_change, show_overview
from toolkit.workflows import selection

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation
    from toolkit.model.selection import Overview

app = verbs()


class Scope(StrEnum):
    """The layers that a person saves to."""

    USER = Layer.USER.value
    PROJECT = Layer.PROJECT.value
    LOCAL = Layer.PROJECT_LOCAL.value


@app.command("remote-env")
def remote_env(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="The environment that sessions get from now on.", click_type=ENVIRONMENT_TYPE)
    ] = "",
    scope: Annotated[
        Scope | None,
        typer.Option(help="user: you, everywhere (the default); project: the team; local: you, in this checkout."),
    ] = None,
    unset: Annotated[bool, typer.Option("--unset", help="Take the choice of this scope back.")] = False,
) -> None:
    """Show or choose the environment that sessions get.

    Without a name: a picker on a terminal, a list elsewhere. It starts no session and edits no environment.

    Higher settings win: managed, then --env, local, project, user; then the only one, 'default', the first.

    \b
    Examples:
      toolkit remote-env                        choose from a list
      toolkit remote-env web-app                your choice, in every repository that has it
      toolkit remote-env web-app --scope local  this checkout only
      toolkit remote-env --unset --scope local  take that back
    """
    invocation: Invocation = context.obj
    root, console = invocation.root, invocation.console
    layer = Layer(scope or Scope.USER)
    if name and unset:
        raise UsageError("--unset takes no name", hint="toolkit remote-env --unset [--scope SCOPE]")
    if unset:
        show_change(console, selection.unset(root, layer))
    elif name:
        quick.choose_environment(invocation, name, layer)
    else:
        overview = selection.overview(root)
        if console.interactive and len(overview.offered) > 1:
            show_change(console, selection.choose(root, _pick(overview), layer))
        elif scope is not None:
            raise UsageError("--scope says where to save: name an environment, or --unset")
        else:
            show_overview(console, overview)


def _pick(overview: Overview) -> str:
    """Ask with arrow keys, on stderr: stdout is for data. Ctrl-C ends the command."""
    import questionary
    from prompt_toolkit.output import create_output

    question = questionary.select(
        "Environment for sessions",
        choices=[questionary.Choice(title=choice_title(one), value=one.name) for one in overview.offered],
        default=overview.selection.name,
        instruction="(arrow keys, Enter)",
        output=create_output(stdout=sys.stderr),
    )
    try:
        return str(question.unsafe_ask())
    except EOFError as error:  # the terminal went away
        raise ToolkitError("nothing was chosen", hint="toolkit remote-env NAME") from error
