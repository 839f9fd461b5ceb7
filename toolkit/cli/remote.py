"""`toolkit remote "TASK"`, also called `cloud`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.names import ENVIRONMENT_TYPE

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation
    from toolkit.console import Console
    from toolkit.engines.base import Engine
    from toolkit.model.session import Session

app = verbs()

Task = Annotated[str, typer.Argument(help="What is to be done: for the agent shell a bash script.", metavar="TASK")]
Env = Annotated[
    str,
    typer.Option(
        "--env",
        help="The environment to use, instead of the selected one.",
        metavar="NAME",
        click_type=ENVIRONMENT_TYPE,
    ),
]
Repo = Annotated[str, typer.Option("--repo", help="A checkout's folder or a git address.", metavar="PATH or URL")]
Branch = Annotated[str, typer.Option("--branch", help="Begin at this branch instead of the current one.", metavar="B")]
Agent = Annotated[
    str, typer.Option("--agent", help="shell, claude or codex, instead of the declared one.", metavar="A")
]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Return as soon as the container runs.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow to the end of the turn; exit 0 only if it succeeded.")]
Provision = Annotated[bool, typer.Option("--provision", help="Build the image first where it is missing.")]


@app.command("remote")
def remote(
    context: typer.Context,
    task: Task,
    env: Env = "",
    repo: Repo = ".",
    branch: Branch = "",
    agent: Agent = "",
    detach: Detach = False,
    wait: Wait = False,
    provision: Provision = False,
) -> None:
    """Start an isolated session that carries out TASK on the current repository.

    \b
    toolkit remote "make test"                     start, and show what to type next
    toolkit remote --wait "pytest -q" --env python follow it to its end
    id=$(toolkit remote --detach "./long.sh")      for scripts
    """
    from toolkit.engines.connection import connect
    from toolkit.errors import UsageError
    from toolkit.views import sessions as views
    from toolkit.workflows import remote as launching
    from toolkit.workflows import sessions as workflow

    if detach and wait:
        raise UsageError("--detach and --wait exclude each other", hint="--wait follows to the end of the turn")
    invocation: Invocation = context.obj
    console = invocation.console
    order = launching.RemoteOrder(
        task=task, environment=env, repository=repo, branch=branch, agent=agent, provision=provision
    )
    engine = connect()
    session = launching.start(invocation.root, engine, order, console.event)
    if wait:
        finished = _follow(console, engine, session)
        views.show_finished(console, finished)
        raise typer.Exit(0 if finished.exit_code == 0 else 1)
    if not detach:
        session = workflow.until_at_work(engine, session.id)
    views.show_started(console, session)


# the same command under the name that users of hosted sessions know
app.command("cloud")(remote)


def _follow(console: Console, engine: Engine, session: Session) -> Session:
    from toolkit.views import sessions as views
    from toolkit.workflows import sessions as workflow

    try:
        return workflow.wait(
            engine,
            session.id,
            timeout=None,
            replay=True,
            on_output=views.echo_output if console.as_json else lambda event: views.show_event(console, event),
        )
    except KeyboardInterrupt:
        console.note(f"\n{session.id} goes on; toolkit logs -f {session.id} follows it, toolkit stop ends it")
        raise
