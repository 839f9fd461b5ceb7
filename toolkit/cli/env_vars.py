"""`toolkit env-vars`: for those who type `pulumi` themselves."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import typer  # noqa: TC002 -- typer reads the annotations while it runs

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


@app.command("env-vars")
def env_vars(context: typer.Context) -> None:
    """The exports that plain `pulumi preview` and `pulumi up` in infra/ need.

    Example: eval "$(toolkit env-vars)"; cd infra; pulumi preview --stack local
    """
    from toolkit.provision import pulumi_source, pulumi_variables

    invocation: Invocation = context.obj
    root = invocation.root
    made = pulumi_variables.variables(root, program=pulumi_source.find().path)
    pulumi_variables.prepare_backend(root)
    if invocation.console.as_json:
        invocation.console.document({"variables": made})
        return
    for name, value in made.items():
        invocation.console.line(f"export {name}={shlex.quote(value)}")
