"""The argument that names an environment, with its completion."""

from __future__ import annotations

from typing import Annotated

import typer


def complete_environment(incomplete: str) -> list[str]:
    """Names of environments for shell completion; a shell never waits for an error."""
    from toolkit.errors import ToolkitError
    from toolkit.paths import find_root
    from toolkit.workflows.declarations import names

    try:
        return [name for name in names(find_root()) if name.startswith(incomplete)]
    except ToolkitError:
        return []


EnvironmentName = Annotated[
    str, typer.Argument(metavar="NAME", help="An environment.", autocompletion=complete_environment)
]
