"""The prompt of `toolkit console`: history, completion, keys."""

from __future__ import annotations

import contextvars
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import Completer, Completion
from prompt_toolkit.history import FileHistory
from prompt_toolkit.output import create_output

from toolkit import paths
from toolkit.cli import completion
from toolkit.cli.console_lines import OWN, VERBS
from toolkit.views.conversation import prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from toolkit.cli.console_lines import Talk
    from toolkit.cli.console_starts import Starts
    from toolkit.cli.invocation import Invocation

_HISTORY = "console-history"


def terminal(invocation: Invocation, starts: Starts) -> Callable[[Talk], str]:
    """Asks a person: ctrl-c clears the line, ctrl-d on an empty one is the end. What `starts` tells stands above it."""
    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(private_file(paths.state_dir() / _HISTORY))),
        completer=_Words(invocation.explicit_root),
        complete_while_typing=False,
        complete_in_thread=True,
        output=create_output(stdout=sys.stderr),
    )

    def ask(talk: Talk) -> str:
        while True:
            try:
                return session.prompt(prompt(planning=talk.planning), pre_run=lambda: _let_tell(session, starts))
            except KeyboardInterrupt:
                continue
            finally:
                starts.on_done = _tell_later

    return ask


def _let_tell(session: PromptSession[str], starts: Starts) -> None:
    """While the prompt is there: it makes room, and keeps what is typed."""
    loop, around = session.app.loop, contextvars.copy_context()
    assert loop is not None

    def tell() -> None:
        run_in_terminal(starts.tell)

    def wake() -> None:
        with suppress(RuntimeError):  # the line has been given meanwhile: it is told before the next one
            loop.call_soon_threadsafe(tell, context=around)

    starts.on_done = wake
    wake()  # for what was done before


def _tell_later() -> None: ...


def private_file(path: Path) -> Path:
    """There, and for its owner alone: what people type is their own."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    path.chmod(0o600)
    return path


class _Words(Completer):
    """Commands after a slash, then what the shell's completion would offer for the same verb."""

    def __init__(self, root: Path | None) -> None:
        self._root = ["--root", str(root)] if root else []

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:  # noqa: ARG002
        line = document.text_before_cursor
        if not line.startswith("/"):
            return
        first, *words = line[1:].split(" ")
        if not words:
            found = [(f"/{name}", "") for name in (*OWN, *VERBS) if name.startswith(first)]
            start = line
        else:
            start = words[-1]
            before = [one for one in words[:-1] if one]
            found = completion.offers([*self._root, first, *before], start)
        for word, meaning in found:
            yield Completion(word, start_position=-len(start), display_meta=meaning)
