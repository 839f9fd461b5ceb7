"""`toolkit env`: the declared environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import env_approve, env_devcontainer, quick
from toolkit.cli.names import ENVIRONMENT_TYPE, EnvironmentName
from toolkit.views import declarations as views

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = typer.Typer(
    name="env",
    help="The declared environments: list, show, compare, make, archive, approve, export, import.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_environments(context: typer.Context) -> None:
    """List the environments; the one that sessions get is marked."""
    quick.list_environments(context.obj)


@app.command("show")
def show(context: typer.Context, name: EnvironmentName) -> None:
    """Show what is in force for an environment, and where each value was written.

    \b
    toolkit env show web-app
    toolkit env show web-app --json | jq .origins
    """
    from toolkit.workflows import declarations

    invocation: Invocation = context.obj
    views.show_environment(invocation.console, declarations.show(invocation.root, name))


@app.command("diff")
def diff(
    context: typer.Context,
    revision: Annotated[str, typer.Argument(metavar="[REV]", help="A commit, branch or tag.")] = "HEAD",
    check: Annotated[bool, typer.Option("--check", help="Exit 4 where there are changes.")] = False,
) -> None:
    """Compare the declarations with those of a git revision, by meaning.

    \b
    toolkit env diff
    toolkit env diff origin/main --check
    """
    from toolkit.cli.main import EXIT_CHANGES
    from toolkit.views.declaration_changes import show_comparison
    from toolkit.workflows.declaration_changes import compare

    invocation: Invocation = context.obj
    found = compare(invocation.root, revision)
    show_comparison(invocation.console, found)
    raise typer.Exit(EXIT_CHANGES if check and found.differences else 0)


@app.command("new")
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as web-app: the name of the file too.")],
    extends: Annotated[
        str, typer.Option(help="Start from another environment.", metavar="NAME", click_type=ENVIRONMENT_TYPE)
    ] = "",
    description: Annotated[str, typer.Option(help="One line for those who choose.", metavar="TEXT")] = "",
) -> None:
    """Write the declaration of a new environment.

    \b
    toolkit env new web-app --description "Node front end"
    toolkit env new web-app-slow --extends web-app
    """
    from toolkit.workflows import declaration_edits

    invocation: Invocation = context.obj
    made = declaration_edits.new(invocation.root, name, extends=extends, description=description)
    views.show_edited(invocation.console, made, f"edit it, then: toolkit validate {made.path}")


@app.command("archive")
def archive(context: typer.Context, name: EnvironmentName) -> None:
    """Take an environment out of the choice; its file and its running sessions stay."""
    _set_archived(context.obj, name, archived=True)


@app.command("unarchive")
def unarchive(context: typer.Context, name: EnvironmentName) -> None:
    """Bring an archived environment back."""
    _set_archived(context.obj, name, archived=False)


@app.command("migrate")
def migrate(context: typer.Context) -> None:
    """Rewrite declarations of an older version; comments and order stay."""
    from toolkit.workflows import declaration_edits

    invocation: Invocation = context.obj
    views.show_migrated(invocation.console, declaration_edits.migrate(invocation.root))


app.command("approve")(env_approve.approve)
app.command("export")(env_devcontainer.export)
app.command("import")(env_devcontainer.import_)


def _set_archived(invocation: Invocation, name: str, *, archived: bool) -> None:
    from toolkit.workflows import declaration_edits

    edited = declaration_edits.archive(invocation.root, name, archived=archived)
    state = "archived" if archived else "offered again"
    views.show_edited(invocation.console, edited, f"'{name}' is {state if edited.changed else f'already {state}'}")
