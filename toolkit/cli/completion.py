"""Shell completion without the command tree: the words so far → what may come next.

The scripts of `toolkit --install-completion` and `--show-completion` are typer's, and so is the way in which they ask:
`_TOOLKIT_COMPLETE` names the shell, other variables hold the command line. PowerShell's is left to typer.
"""

from __future__ import annotations

from toolkit.cli.candidates import candidates
from toolkit.cli.invocation import FLAGS, GLOBAL_OPTIONS, split_global_options
from toolkit.cli.shape import shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

ASKED_BY = "_TOOLKIT_COMPLETE"

_Offer = tuple[str, str]
"""A word, and what it means; empty where it says so itself."""


def answer(environment: Mapping[str, str]) -> tuple[str, int] | None:
    """What the shell is to read, and the exit code; None where typer has to answer."""
    speak = _SHELLS.get(environment[ASKED_BY])
    return None if speak is None else speak(environment)


def offers(words: Sequence[str], start: str) -> list[_Offer]:
    """What may stand for `start` after the words that follow the program's name, in the tree's order."""
    from toolkit.errors import UsageError

    try:
        options, rest = split_global_options(words)
    except UsageError:  # `--root` without its folder: that is what is being written
        return []
    found = _after(shape(), rest, start, options.root)
    return [(word, meaning) for word, meaning in found if word.startswith(start)]


def _after(node: Mapping[str, Any], words: Sequence[str], start: str, root: Path | None) -> Iterable[_Offer]:
    given = 0
    awaited: object = None
    only_arguments = False
    for word in words:
        if awaited is not None:
            awaited = None
        elif word == "--":
            only_arguments = True
        elif word.startswith("-") and not only_arguments:
            awaited = _kind_of_option(node, word)
        elif node["commands"]:
            if word not in node["commands"]:
                return ()
            node = node["commands"][word]
        else:
            given += 1
    if awaited is not None:
        return _named(awaited, root)
    if start.startswith("-") and not only_arguments:
        return _options(node, start, root)
    if node["commands"]:
        return ((name, one["help"]) for name, one in node["commands"].items())
    return _named(_kind_of_argument(node, given), root)


def _kind_of_option(node: Mapping[str, Any], word: str) -> object:
    """The kind of the value that follows; None where none does."""
    return None if "=" in word else node["options"].get(word, {"kind": None})["kind"]


def _kind_of_argument(node: Mapping[str, Any], given: int) -> object:
    kinds = node["arguments"]
    if given < len(kinds):
        return kinds[given]
    return kinds[-1] if node["variadic"] else ""


def _options(node: Mapping[str, Any], start: str, root: Path | None) -> Iterable[_Offer]:
    name, equals, _ = start.partition("=")
    if equals:
        kind = node["options"].get(name, {"kind": ""})["kind"] or ""
        return [(f"{name}={word}", meaning) for word, meaning in _named(kind, root)]
    own = [(name, one["help"]) for name, one in node["options"].items()]
    shared = [(name, GLOBAL_OPTIONS[name]) for name in ("--root", *FLAGS) if name in GLOBAL_OPTIONS]
    return [*own, *shared]


def _named(kind: object, root: Path | None) -> list[_Offer]:
    """The words of a kind; none where any will do: then the shell completes files."""
    words = kind if isinstance(kind, list) else candidates(str(kind), root)
    return [(str(word), "") for word in words]


def _bash(environment: Mapping[str, str]) -> tuple[str, int]:
    words = _split(environment.get("COMP_WORDS", ""))
    at = int(environment.get("COMP_CWORD", "0"))
    start = words[at] if at < len(words) else ""
    before = words[1:at]
    if start == "=" or before[-1:] == ["="]:  # bash takes `--env=we` for three words, and completes the last alone
        before, start = [one for one in before if one != "="], start.removeprefix("=")
    return "\n".join(word for word, _ in offers(before, start)), 0


def _zsh(environment: Mapping[str, str]) -> tuple[str, int]:
    found = offers(*_before_and_start(environment))
    if not found:
        return "_files", 0
    rows = " ".join(_zsh_quoted(_zsh_row(word, meaning)) for word, meaning in found)
    return f"local -a toolkit_offers; toolkit_offers=({rows}); _describe -V value toolkit_offers", 0


def _zsh_row(word: str, meaning: str) -> str:
    escaped = word.replace(":", "\\:")
    return f"{escaped}:{meaning}" if meaning else escaped


def _zsh_quoted(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "'\\''") + "'"


def _fish(environment: Mapping[str, str]) -> tuple[str, int]:
    """Asked twice: whether there is anything (else fish completes files), then what."""
    found = offers(*_before_and_start(environment))
    if environment.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return "", 0 if found else 1
    rows = (f"{word}\t{' '.join(meaning.split())}" if meaning else word for word, meaning in found)
    return "\n".join(rows), 0


def _before_and_start(environment: Mapping[str, str]) -> tuple[list[str], str]:
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(line)[1:]
    if not words or line[-1:].isspace():
        return words, ""
    return words[:-1], words[-1]


def _split(line: str) -> list[str]:
    """As a shell does; a quote that is still open ends with the line."""
    if not any(one in line for one in "'\"\\"):
        return line.split()
    from shlex import shlex

    reader = shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split = True
    reader.commenters = ""
    words: list[str] = []
    try:
        words.extend(reader)
    except ValueError:
        words.append(reader.token)
    return words


_SHELLS: Mapping[str, Callable[[Mapping[str, str]], tuple[str, int]]] = {
    "complete_bash": _bash,
    "complete_zsh": _zsh,
    "complete_fish": _fish,
}
