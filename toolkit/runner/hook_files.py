"""The hooks of a session's start: the environment's own, and those of the repository's settings file."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .matching import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SETTINGS = ".claude/settings.json"
EVENT = "SessionStart"
_DEFAULT_SECONDS = 600.0


@dataclass(frozen=True)
class Hook:
    """`argv` is what runs: `bash -c COMMAND`, or the command with its arguments. `seconds`: its time limit."""

    origin: str  # environment or repository
    command: str
    argv: tuple[str, ...]
    seconds: float = _DEFAULT_SECONDS
    background: bool = False


def of_environment(declared: Iterable[Mapping[str, Any]], source: str) -> list[Hook]:
    """Those of session.json, `{matcher, command, timeout}`, that the source calls."""
    return [
        Hook("environment", one["command"], ("bash", "-c", one["command"]), float(one["timeout"]))
        for one in declared
        if matches(one.get("matcher", ""), source)
    ]


def of_repository(project_dir: str, source: str) -> list[Hook]:
    """Those of the repository's settings; ValueError says what is wrong with the file, OSError never."""
    path = os.path.join(project_dir, SETTINGS)
    try:
        with open(path, encoding="utf-8") as file:
            settings = json.load(file)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise ValueError(f"{SETTINGS} cannot be read: {error}") from error
    try:
        groups = settings.get("hooks", {}).get(EVENT, [])
        return [hook for group in groups if matches(group.get("matcher") or "", source) for hook in _commands(group)]
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise ValueError(f"{SETTINGS}: hooks.{EVENT} has not the form that is documented: {error}") from error


def once(hooks: Sequence[Hook]) -> list[Hook]:
    """Identical ones run once, the first of them."""
    found: dict[tuple[str, ...], Hook] = {}
    for one in hooks:
        found.setdefault(one.argv, one)
    return list(found.values())


def _commands(group: Mapping[str, Any]) -> Iterator[Hook]:
    for one in group["hooks"]:
        if one.get("type", "command") != "command":
            continue
        command, arguments = one["command"], one.get("args")
        argv = ("bash", "-c", command) if arguments is None else (command, *map(str, arguments))
        yield Hook(
            "repository", command, argv, float(one.get("timeout", _DEFAULT_SECONDS)), bool(one.get("async", False))
        )
