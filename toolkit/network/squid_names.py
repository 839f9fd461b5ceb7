"""Patterns as the name lists of Squid, whose `.x` covers x as well as all below it, where our `*.x` leaves x out.

A list that holds a name twice, as `x` and as `.x` or below another `.y`, stops Squid at its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class NameLists:
    """`names`: lines of a `dstdomain` list; `apexes`: what it covers beyond the patterns, to be ruled out first."""

    names: tuple[str, ...]
    apexes: tuple[str, ...]


def name_lists(patterns: Iterable[str]) -> NameLists:
    """Both lists, sorted. A host matches a pattern where `names` has it and `apexes` does not."""
    known = set(patterns)
    exact = {one for one in known if not one.startswith("*.")}
    bases = {one[2:] for one in known if one.startswith("*.")}
    kept = {base for base in bases if not _is_below(base, bases)}
    covered = {name for name in exact if name in kept or _is_below(name, kept)}
    return NameLists(
        names=tuple(sorted({*(f".{base}" for base in kept), *(exact - covered)})),
        apexes=tuple(sorted(kept - exact)),
    )


def _is_below(name: str, bases: Collection[str]) -> bool:
    rest = name
    while "." in rest:
        rest = rest.partition(".")[2]
        if rest in bases:
            return True
    return False
