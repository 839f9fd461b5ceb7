"""`toolkit validate`: every problem of every file."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.views.declarations import show_validation
from toolkit.workflows import validation

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


def _read_standard_input() -> bytes:
    return sys.stdin.buffer.read()


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
    result = validation.validate(invocation.explicit_root, tuple(paths or ()), standard_input=_read_standard_input)
    show_validation(invocation.console, result, form or (Format.JSON if invocation.console.as_json else Format.TEXT))
    raise typer.Exit(0 if result.passes(strict=strict) else 1)
