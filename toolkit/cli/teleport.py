"""`toolkit teleport` (alias `tp`): bring a session home."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import OptionalSessionId  # noqa: TC001 -- typer reads the annotations while it runs

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.cli.invocation import Invocation
    from toolkit.console import Console
    from toolkit.engines.base import Engine
    from toolkit.model.homecoming import Homecoming
    from toolkit.workflows.teleport import RefusedError, Wishes

app = verbs()

_QUESTIONS = {
    "stash": "Stash them, and bring them back afterwards?",
    "commit": "Commit and push them in the session first?",
    "same-repository": "Are they the same repository?",
}


@app.command("teleport")
def teleport(
    context: typer.Context,
    session: OptionalSessionId = "",
    stash: Annotated[bool, typer.Option("--stash", help="Put uncommitted work here aside meanwhile.")] = False,
    commit: Annotated[bool, typer.Option("--commit", help="Commit what the session has uncommitted first.")] = False,
) -> None:
    """Bring a session home: its branch is checked out here, its transcript and conversation come along.

    Everything is checked before anything is touched; when a step fails or is interrupted, the checkout is as it was.
    Without an ID, choose from a list. What you do here afterwards does not appear in the session.

    \b
    toolkit teleport calm-otter
    toolkit tp calm-otter --stash
    """
    from toolkit.engines.connection import connect
    from toolkit.views import teleport as views
    from toolkit.workflows.teleport import Wishes

    invocation: Invocation = context.obj
    engine = connect()
    chosen = session or _picked(invocation.console, engine)
    home = _with_offers(invocation, engine, chosen, Wishes(stash=stash, commit=commit))
    views.show_homecoming(invocation.console, home)


app.command("tp")(teleport)


def _with_offers(invocation: Invocation, engine: Engine, session: str, wishes: Wishes) -> Homecoming:
    """What could be done about an obstacle is offered to a person; anybody else is told."""
    from toolkit.workflows import teleport as workflow

    console = invocation.console
    while True:
        try:
            return workflow.teleport(_root(invocation), engine, session, wishes, console.event)
        except workflow.RefusedError as error:
            if not console.interactive or not error.only_offers:
                raise
            wishes = _asked(console, error, wishes)


def _asked(console: Console, error: RefusedError, wishes: Wishes) -> Wishes:
    for offer, message in error.offers.items():
        console.note(message)
        if not console.confirm(_QUESTIONS[offer]):
            raise error
        wishes = replace(wishes, **{offer.replace("-", "_"): True})
    return wishes


def _root(invocation: Invocation) -> Path | None:
    """Only the account's name is read from there: a checkout without envs/ can take a session home as well."""
    from toolkit.errors import NotFoundError

    try:
        return invocation.root
    except NotFoundError:
        return None


def _picked(console: Console, engine: Engine) -> str:
    from toolkit.errors import ToolkitError
    from toolkit.workflows.session_list import listed

    known = listed(engine)
    if not known:
        raise ToolkitError("there are no sessions", hint='toolkit remote "TASK" starts one')
    if not console.interactive:
        names = ", ".join(one.id for one in known)
        raise ToolkitError("which session? there is no terminal to ask on", hint=f"sessions: {names}")
    import questionary

    width = max(len(one.id) for one in known)
    titles = {f"{one.id.ljust(width)}  {one.state}  {' '.join(one.task.split())[:48]}": one.id for one in known}
    answer = questionary.select("Which session comes home?", choices=list(titles)).ask()
    if answer is None:
        raise KeyboardInterrupt
    return titles[answer]
