"""Plain values as YAML text: scalars in the style they had, short lists in brackets, mappings line by line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*\Z")
# What YAML 1.1 readers take for booleans and nulls is quoted too: other tools read these files.
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_LONGEST_BRACKETS = 80


def inline(value: object, *, style: str | None = None) -> str:
    """`value` on one line; a string keeps the quoting `style` (`'`, `"` or None for plain) where it can.

    Raises TypeError for what YAML's core schema has no word for.
    """
    if isinstance(value, str):
        return _string(value, style)
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value, allow_nan=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(inline(one) for one in value) + "]"
    raise TypeError(f"{type(value).__name__} has no notation in YAML")


def fits_inline(value: object) -> bool:
    """Scalars, empty collections and short lists of scalars stand on one line; the rest gets lines of its own."""
    if isinstance(value, dict):
        return not value
    if isinstance(value, list | tuple):
        scalars = not any(isinstance(one, dict | list | tuple) for one in value)
        return scalars and len(inline(value)) <= _LONGEST_BRACKETS
    return True


def lines(value: Mapping[str, object] | Sequence[object], *, indent: int, step: int) -> list[str]:
    """A mapping's entries or a list's items, each on lines of its own, from column `indent` on."""
    pad = " " * indent
    if not isinstance(value, dict):
        return [f"{pad}- {inline(one)}" for one in value]
    found: list[str] = []
    for key, one in value.items():
        if fits_inline(one):
            found.append(f"{pad}{inline(key)}: {inline(one)}")
        else:
            found += [f"{pad}{inline(key)}:", *lines(one, indent=indent + step, step=step)]
    return found


def _string(text: str, style: str | None) -> str:
    if style == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    if style != '"' and _PLAIN.match(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isprintable() else f"\\U{ord(character):08x}"
