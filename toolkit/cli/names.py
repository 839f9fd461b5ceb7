"""The arguments that name what exists, in a type of their own: by it shell completion knows what to offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import click
import typer

from toolkit.cli.candidates import ENVIRONMENT, SESSION, STATE, candidates

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class _NameType(click.ParamType):  # type: ignore[type-arg, unused-ignore]
    """Any text: whether it names something is found out where it is looked up."""

    def __init__(self, kind: str) -> None:
        self.name = kind

    def convert(self, value: str, _parameter: click.Parameter | None, _context: click.Context | None) -> str:
        return value

    def shell_complete(self, _context: click.Context, _parameter: click.Parameter, start: str) -> list[CompletionItem]:
        """For the shells that `completion.py` leaves to the command tree."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(one) for one in candidates(self.name, None) if one.startswith(start)]


ENVIRONMENT_TYPE = _NameType(ENVIRONMENT)
SESSION_TYPE = _NameType(SESSION)
STATE_TYPE = _NameType(STATE)

EnvironmentName = Annotated[str, typer.Argument(metavar="NAME", help="An environment.", click_type=ENVIRONMENT_TYPE)]
SessionId = Annotated[
    str,
    typer.Argument(help="The session's id, or the beginning of one.", metavar="ID", click_type=SESSION_TYPE),
]
OptionalSessionId = Annotated[
    str,
    typer.Argument(help="The session's id; none: choose from a list.", metavar="[ID]", click_type=SESSION_TYPE),
]
