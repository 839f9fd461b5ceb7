"""Line after line of `toolkit console`, from a terminal or from a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from toolkit.cli.console_lines import Talk, carry_out
from toolkit.cli.main import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK
from toolkit.views import conversation as views

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.cli.invocation import Invocation

    Ask = Callable[[Talk], str]
    """The next line; EOFError where there is none."""


def converse(invocation: Invocation) -> int:
    """Until the user leaves; the exit code tells a script whether every line went well."""
    if invocation.console.interactive:
        from toolkit.cli.console_starts import Starts
        from toolkit.cli.console_terminal import terminal

        views.greet(invocation.console)
        starts = Starts(invocation.console)
        _talk(invocation, terminal(invocation, starts), Talk(starts=starts))
        return EXIT_OK if starts.leave() else EXIT_INTERRUPTED
    return EXIT_FAILED if _talk(invocation, _from_pipe(invocation), Talk()).failed else EXIT_OK


def _talk(invocation: Invocation, ask: Ask, talk: Talk) -> Talk:
    while not talk.over:
        try:
            line = ask(talk)
        except EOFError:
            break
        talk = carry_out(invocation, talk.up_to_date(), line)
    return talk


def _from_pipe(invocation: Invocation) -> Ask:
    def ask(talk: Talk) -> str:
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        views.show_prompt(invocation.console, line.rstrip("\n"), planning=talk.planning)
        return line

    return ask
