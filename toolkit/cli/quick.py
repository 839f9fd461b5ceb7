"""What the quickest verbs do, and the plain spellings of them that skip the command tree.

Importing typer takes five times as long as starting Python, longer than these verbs need for their work. So a command
line without any option of its own, such as `env list`, comes straight here; every other spelling, help and usage errors
come here by way of the tree.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolkit.cli.invocation import Invocation
    from toolkit.settings import Layer


_YES = frozenset({"--yes", "-y"})


def plain_verb(words: Sequence[str]) -> Callable[[Invocation], int | None] | None:
    """What to run for these words (global options taken out); None, and None as its answer: ask the command tree."""
    said_yes = any(word in _YES for word in words)
    if words[:1] in (["up"], ["rm"]):
        words = [word for word in words if word not in _YES]
    if not all(words) or any(word.startswith("-") for word in words):
        return None
    found: Callable[[Invocation], int | None] | None = None
    match words:
        case ["up", *names]:
            found = lambda invocation: up(invocation, names)  # noqa: E731 -- one of several
        case ["rm", name] if said_yes:
            found = lambda invocation: remove(invocation, name)  # noqa: E731
        case ["tasks"]:
            found = list_sessions
        case ["env", "list"]:
            found = list_environments
        case ["remote-env", name]:
            found = lambda invocation: choose_environment(invocation, name)  # noqa: E731
        case ["network", "check", name, url]:
            found = lambda invocation: check_url(invocation, name, url)  # noqa: E731
        case ["validate", *paths]:
            found = lambda invocation: validate(invocation, paths)  # noqa: E731
    return found


def asks_for_help(words: Sequence[str]) -> bool:
    """Of the program, a verb, or a verb of a group."""
    *verb, last = words or ("",)
    return last in {"-h", "--help"} and len(verb) < 3 and not any(word.startswith("-") for word in verb)


def known_help(words: Sequence[str]) -> Callable[[Invocation], int] | None:
    """The help that these words ask for, where it was shown before."""
    from toolkit.cli import shape

    text = shape.known_help(words[:-1]) if asks_for_help(words) else None
    if text is None:
        return None

    def show(_invocation: Invocation) -> int:
        import sys

        sys.stdout.write(text)
        return 0

    return show


def up(invocation: Invocation, names: Sequence[str], *, stack: str = "local") -> int | None:
    """The exit code where nothing is to be done; None where there is, which takes the whole command."""
    from toolkit.workflows import settled

    outcome = settled.up(invocation.root, stack, names, invocation.console.event)
    if outcome is None:
        return None
    from toolkit.views.provisioning import show_up

    show_up(invocation.console, outcome)
    return 0


def list_sessions(invocation: Invocation) -> int:
    from toolkit.engines.connection import connect
    from toolkit.views.sessions import show_sessions
    from toolkit.workflows.session_list import listed

    show_sessions(invocation.console, listed(connect()))
    return 0


def remove(invocation: Invocation, session: str, *, force: bool = False) -> int:
    from toolkit.engines.connection import connect
    from toolkit.views.sessions import show_removed
    from toolkit.workflows.session_removal import remove

    show_removed(invocation.console, remove(connect(), session, force=force))
    return 0


def list_environments(invocation: Invocation) -> int:
    from toolkit.views.declarations import show_list
    from toolkit.workflows.selection import overview

    found = overview(invocation.root)
    show_list(invocation.console, found.environments, found.selection)
    return 0


def choose_environment(invocation: Invocation, name: str, layer: Layer | None = None) -> int:
    from toolkit.settings import Layer
    from toolkit.views.selection import show_change
    from toolkit.workflows import selection

    show_change(invocation.console, selection.choose(invocation.root, name, layer or Layer.USER))
    return 0


def check_url(invocation: Invocation, name: str, url: str) -> int:
    from toolkit.views.network import show_decision
    from toolkit.workflows.network import check

    decision = check(invocation.root, name, url)
    show_decision(invocation.console, decision)
    return 0 if decision.allowed else 1


def validate(invocation: Invocation, paths: Sequence[str], *, form: str = "", strict: bool = False) -> int:
    from toolkit.views.declarations import show_validation
    from toolkit.workflows import validation

    found = validation.validate(invocation.explicit_root, tuple(paths), standard_input=_standard_input)
    show_validation(invocation.console, found, form or ("json" if invocation.console.as_json else "text"))
    return 0 if found.passes(strict=strict) else 1


def _standard_input() -> bytes:
    import sys

    return sys.stdin.buffer.read()
