"""`toolkit lock`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs
from toolkit.cli.main import EXIT_CHANGES, EXIT_OK

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()


@app.command("lock")
def lock(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 4 if there is something to record.")
    ] = False,
    bootstrap: Annotated[
        bool, typer.Option("--bootstrap", help="Make a stand-in for a base that cannot be pulled.")
    ] = False,
) -> int:
    """Record the digests of all base images in envs/lock.yaml; `toolkit up --locked` then takes no others.

    \b
    toolkit lock
    toolkit lock --check
    """
    from toolkit.views import lock as views
    from toolkit.workflows import locking

    invocation: Invocation = context.obj
    request = locking.Request(root=invocation.root, bootstrap=bootstrap)
    found = locking.lock(request, invocation.console.event, write=not check)
    views.show_locked(invocation.console, found, written=not check)
    return EXIT_CHANGES if check and found.changes else EXIT_OK
