"""The command tree as plain values, and the texts of its `--help`: kept between calls, so that neither shell completion
nor help has to import typer, which takes six times as long as starting Python.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    import click

    from toolkit.memory import Memory

_TREE = "tree"
_USUAL_WIDTH = 80


def shape() -> Mapping[str, Any]:
    """The whole tree: `{help, commands{name: …}, options{name: {kind, help}}, arguments[kind], variadic}` for each.

    A `kind` is `environment`, `session`, `state`, a list of words to choose from, empty for other values, and None for
    an option without a value.
    """
    memory = _memory()
    known = memory.recall(_TREE, content=b"")
    if isinstance(known, dict):
        return known
    from toolkit.cli.app import command

    made = _of(command(), "toolkit")
    _keep(memory, _TREE, made)
    return made


def known_help(words: Sequence[str]) -> str | None:
    """The help of these verbs as it was shown at this width before; None where it never was."""
    found = _memory().recall(_help_key(words), content=b"")
    return found if isinstance(found, str) else None


def keep_help(words: Sequence[str], text: str) -> None:
    _keep(_memory(), _help_key(words), text)


def _keep(memory: Memory, key: str, value: object) -> None:
    from toolkit.memory import unplaced

    memory.keep({key: ((key,), value)}, {key: unplaced(b"")})


def _help_key(words: Sequence[str]) -> str:
    return f"help {_width()} {' '.join(words)}"


def _width() -> str:
    """What click fits its help to; shutil, which it asks, takes too long to import."""
    if os.environ.get("COLUMNS"):
        return os.environ["COLUMNS"]
    try:
        return str(os.get_terminal_size(1).columns)
    except OSError:
        return str(_USUAL_WIDTH)


def _memory() -> Memory:
    from toolkit.memory import Memory
    from toolkit.paths import runner_source

    package = runner_source().parent
    return Memory.of("commands", package, repr(sorted(_code(package))))


def _code(package: Path) -> Iterator[tuple[str, int, int]]:
    """Every module that a command's options may come from."""
    for folder in (package / "cli", package / "model", package):
        for entry in os.scandir(folder):
            if entry.name.endswith(".py"):
                state = entry.stat()
                yield entry.path, state.st_size, state.st_mtime_ns


def _of(command: click.Command, name: str) -> dict[str, Any]:
    import click

    context = click.Context(command, info_name=name)
    parameters = command.get_params(context)
    commands = {}
    if isinstance(command, click.Group):
        children = ((one, command.get_command(context, one)) for one in command.list_commands(context))
        commands = {one: _of(child, one) for one, child in children if child is not None and not child.hidden}
    arguments = [one for one in parameters if isinstance(one, click.Argument)]
    return {
        "help": command.get_short_help_str(limit=100),
        "commands": commands,
        "options": {name: value for one in parameters for name, value in _option(one)},
        "arguments": [_kind(one) for one in arguments],
        "variadic": bool(arguments) and arguments[-1].nargs == -1,
    }


def _option(parameter: click.Parameter) -> Iterator[tuple[str, dict[str, Any]]]:
    import click

    if isinstance(parameter, click.Option) and not parameter.hidden:
        takes_value = not (parameter.is_flag or parameter.count)
        for name in (*parameter.opts, *parameter.secondary_opts):
            yield name, {"kind": _kind(parameter) if takes_value else None, "help": parameter.help or ""}


def _kind(parameter: click.Parameter) -> str | list[str]:
    import click

    from toolkit.cli.candidates import KINDS

    if isinstance(parameter.type, click.Choice):
        return [str(one) for one in parameter.type.choices]
    return parameter.type.name if parameter.type.name in KINDS else ""
