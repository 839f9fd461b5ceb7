"""`toolkit validate`: every problem of every file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import quick
from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


class Format(StrEnum):
    """How problems are shown."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


@app.command("validate")
def validate(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="Files, folders, globs, or - for standard input; default: envs/"),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="github: annotations of a workflow; sarif: code scanning.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> None:
    """Check declarations: every problem of every file, with its place, in one run.

    \b
    toolkit validate
    toolkit validate envs/web-app.yaml --strict
    toolkit validate --format github
    git show main:envs/web-app.yaml | toolkit validate -
    """
    invocation: Invocation = context.obj
    raise typer.Exit(quick.validate(invocation, paths or (), form=form.value if form else "", strict=strict))
