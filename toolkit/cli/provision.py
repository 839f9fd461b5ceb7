"""`toolkit preview`, `up`, `drift` and `destroy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.main import EXIT_CHANGES, EXIT_OK
from toolkit.errors import ToolkitError
from toolkit.views import provisioning as views

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation
    from toolkit.model.provisioning import Outcome
    from toolkit.workflows.provisioning import Request

app = verbs()

Environments = Annotated[
    list[str] | None, typer.Argument(metavar="[ENV]...", help="Only these environments (default: all).")
]
StackName = Annotated[str, typer.Option("--stack", metavar="S", help="The Pulumi stack.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Locked = Annotated[
    bool,
    typer.Option("--locked", help="Only on the bases that envs/lock.yaml records ('toolkit lock')."),
]
Check = Annotated[bool, typer.Option("--check", help="Change nothing; exit 4 if there is something to change.")]


@app.command("preview")
def preview(
    context: typer.Context,
    environments: Environments = None,
    stack: StackName = "local",
    check: Check = False,
    diff: Annotated[bool, typer.Option("--diff", help="Also what differs, line by line.")] = False,
    locked: Locked = False,
) -> int:
    """What would `up` do, and why? Builds nothing.

    Example: toolkit preview --check
    """
    from toolkit.workflows import provisioning

    invocation: Invocation = context.obj
    request = provisioning.Request(
        root=invocation.root, stack=stack, environments=tuple(environments or ()), locked=locked
    )
    outcome = provisioning.preview(request, invocation.console.event)
    views.show_plan(invocation.console, outcome, with_difference=diff)
    return _code(outcome, check=check)


@app.command("drift")
def drift(
    context: typer.Context, environments: Environments = None, stack: StackName = "local", check: Check = False
) -> int:
    """Does the engine have what is declared, and what the stack recorded? Changes nothing.

    Example: toolkit drift --check
    """
    from toolkit.workflows import provisioning

    invocation: Invocation = context.obj
    request = provisioning.Request(root=invocation.root, stack=stack, environments=tuple(environments or ()))
    outcome = provisioning.drift(request, invocation.console.event)
    views.show_drift(invocation.console, outcome)
    return _code(outcome, check=check)


@app.command("up")
def up(
    context: typer.Context,
    environments: Environments = None,
    stack: StackName = "local",
    yes: Yes = False,
    check: Check = False,
    bootstrap: Annotated[
        bool,
        typer.Option(
            "--bootstrap", help="Make a stand-in from the distribution's packages for a base that cannot be pulled."
        ),
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask Pulumi although nothing seems to have changed.")
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Set a damaged state aside, and make the record anew from what the engine has."),
    ] = False,
    locked: Locked = False,
) -> int:
    """Turn the declared environments into container images.

    Example: toolkit up web-app --yes
    """
    from toolkit.workflows import provisioning

    invocation: Invocation = context.obj
    console = invocation.console
    request = provisioning.Request(
        root=invocation.root,
        stack=stack,
        environments=tuple(environments or ()),
        bootstrap=bootstrap,
        refresh=refresh,
        locked=locked,
    )
    if adopt:
        _adopt(invocation, request, yes=yes)
    if check or not yes:
        outcome = provisioning.preview(request, console.event)
        if check:
            views.show_plan(console, outcome)
            return _code(outcome, check=True)
        if outcome.settled:
            views.show_up(console, outcome)
            return EXIT_OK
        if outcome.changing and not _agreed(invocation, outcome, "Apply these changes?"):
            return EXIT_OK
    with console.steps() as on_event:
        outcome = provisioning.up(request, on_event)
    views.show_up(console, outcome)
    return EXIT_OK


def _adopt(invocation: Invocation, request: Request, *, yes: bool) -> None:
    from toolkit.workflows import provisioning

    console = invocation.console
    if not yes:
        if not console.interactive:
            raise ToolkitError("setting a state aside needs a yes", hint="toolkit up --adopt --yes")
        if not console.confirm("Set the stack's state aside, if it is damaged?"):
            raise typer.Exit(1)
    provisioning.adopt(request, console.event)


@app.command("destroy")
def destroy(
    context: typer.Context,
    environments: Environments = None,
    stack: StackName = "local",
    yes: Yes = False,
    check: Check = False,
    force: Annotated[
        bool, typer.Option("--force", help="Although sessions use the images: those in use stay until they end.")
    ] = False,
) -> int:
    """Remove the images that `up` has made. Base images stay: they are not the stack's.

    Example: toolkit destroy --yes
    """
    from toolkit.workflows import destruction

    invocation: Invocation = context.obj
    console = invocation.console
    request = destruction.Request(
        root=invocation.root, stack=stack, environments=tuple(environments or ()), force=force
    )
    outcome = destruction.destruction(request)
    if check:
        views.show_plan(console, outcome)
        return _code(outcome, check=True)
    if outcome.changing and not yes and not _agreed(invocation, outcome, "Remove these images?"):
        return EXIT_OK
    with console.steps() as on_event:
        outcome = destruction.destroy(request, on_event)
    views.show_destroyed(console, outcome)
    return EXIT_OK


def _agreed(invocation: Invocation, outcome: Outcome, question: str) -> bool:
    """A person's yes; without one to ask, an error: nothing is changed by a script that did not say --yes."""
    console = invocation.console
    if not console.interactive:
        count = len(outcome.changing)
        which = f"{count} change{'s' if count > 1 else ''} to stack '{outcome.stack}'"
        raise ToolkitError(
            f"{which} need{'' if count > 1 else 's'} a yes, and nobody can be asked",
            hint="look at 'toolkit preview', then add --yes",
            code="not-confirmed",
        )
    views.show_plan(console, outcome)
    if console.confirm(question):
        return True
    console.note("nothing was changed")
    return False


def _code(outcome: Outcome, *, check: bool) -> int:
    return EXIT_CHANGES if check and outcome.changing else EXIT_OK
