"""`toolkit man-pages`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.app import verbs

if TYPE_CHECKING:
    from toolkit.cli.invocation import Invocation

app = verbs()

Folder = Annotated[Path, typer.Argument(help="Where: man1/ is made inside; one that 'man' looks into.", metavar="DIR")]


@app.command("man-pages")
def man_pages(context: typer.Context, folder: Folder) -> None:
    """Write the manual pages of this version: one for each verb.

    Example: toolkit man-pages ~/.local/share/man; man toolkit-remote
    """
    from toolkit import __version__
    from toolkit.cli.tree import global_options, tree
    from toolkit.views.manual import pages
    from toolkit.workflows.manual import write

    invocation: Invocation = context.obj
    console = invocation.console
    written = pages(tree(), global_options(), version=__version__)
    made = write(written, folder / "man1")
    if console.as_json:
        console.document({"folder": str(made), "pages": sorted(written)})
    else:
        console.line(f"{len(written)} pages in {made}")
