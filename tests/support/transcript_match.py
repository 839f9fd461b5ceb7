"""Is what a command printed what the page shows? Ids, hashes, times and the like are compared by their form.

The same id on a page means the same thing: the first time that `calm-otter-3f9a` is shown, it stands for whichever
session was really started, and from then on for that one alone, in commands too.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KINDS = {
    "any": r"…",
    "session": r"\b[a-z]+-[a-z]+-[0-9a-f]{4}\b",
    "time": r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?",
    "address": r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d+)?\b",
    "hash": r"\b(?=[a-f]*\d)[0-9a-f]{7,64}\b",
    "seconds": r"\b\d+(?:\.\d+)? ?(?:ms|s|seconds)\b",
    "blanks": r"[ \t]+",
}
_TOKEN = re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in _KINDS.items()))
_BOUND = frozenset({"session", "hash"})
_SESSION = re.compile(_KINDS["session"])
_NAMES = re.compile("|".join(_KINDS[kind] for kind in sorted(_BOUND)))


class Mismatch(Exception):  # noqa: N818 -- not an error of the program: an answer
    """What is shown and what was printed, as a comparison."""


def sessions(known: Mapping[str, str]) -> tuple[str, ...]:
    """The real ids of the sessions among the names that are known."""
    return tuple(real for real in known.values() if _SESSION.fullmatch(real))


def substitute(command: str, known: Mapping[str, str]) -> str:
    """The command with the real ids in the place of those that the page shows."""
    return _NAMES.sub(lambda found: known.get(found[0], found[0]), command)


def match(shown: tuple[str, ...], printed: str, known: Mapping[str, str]) -> dict[str, str]:
    """`known` and the names that are bound now; Mismatch where the output is another."""
    groups: dict[str, str] = {}
    form = re.compile("".join(_line(line, known, groups) for line in _trimmed(shown)))
    text = "".join(f"{line.rstrip()}\n" for line in _trimmed(tuple(printed.splitlines())))
    found = form.fullmatch(text)
    if found is None:
        ours = [f"{substitute(line, known)}\n" for line in shown]
        raise Mismatch("".join(difflib.ndiff(ours, text.splitlines(keepends=True))))
    return {**known, **{name: found[group] for name, group in groups.items()}}


def _trimmed(lines: tuple[str, ...]) -> Iterator[str]:
    """Without the empty lines at the end."""
    end = max((at for at, line in enumerate(lines, start=1) if line.strip()), default=0)
    return iter(lines[:end])


def _line(line: str, known: Mapping[str, str], groups: dict[str, str]) -> str:
    if line.strip() == "…":
        return r"(?:.*\n)*?"
    parts: list[str] = []
    at = 0
    stripped = line.rstrip()
    for token in _TOKEN.finditer(stripped):
        parts += [re.escape(stripped[at : token.start()]), _token(token, known, groups)]
        at = token.end()
    return "".join([*parts, re.escape(stripped[at:]), r" *\n"])


def _token(token: re.Match[str], known: Mapping[str, str], groups: dict[str, str]) -> str:
    kind = str(token.lastgroup)
    name = token[0]
    if kind == "any":
        return r".*?"
    if kind == "blanks":
        return r"[ \t]+"
    if kind not in _BOUND:
        return _KINDS[kind]
    if name in known:
        return re.escape(known[name])
    if name in groups:
        return f"(?P={groups[name]})"
    groups[name] = f"name{len(groups)}"
    return f"(?P<{groups[name]}>{_KINDS[kind]})"
