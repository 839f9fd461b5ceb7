"""What an image is made of, in words: label of the image and build argument, so that a preview can say what changed.

The build tells that two images differ; the recipe tells in what.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_LISTS = {"apt": "packages.apt", "pip": "packages.pip", "npm": "packages.npm", "certificates": "ca_certificates"}


class Recipe(Record):
    """`certificates` by the first digits of their fingerprints, `steps` and `runner` by digests of their files."""

    base: str
    apt: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    steps: str = ""
    runner: str = ""

    def __str__(self) -> str:
        """One line for a label: nothing that is empty, and no name or password of a package's address."""
        fields = {key: value for key in type(self).record_fields if (value := getattr(self, key))}
        return _USER_IN_URL.sub("***", json.dumps(fields, separators=(",", ":"), sort_keys=True))


def read(text: str) -> Recipe | None:
    """The recipe of a label; None for one that is missing or was written by another version."""
    try:
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in json.loads(text).items()
        }
        return Recipe(**fields)
    except (ValueError, TypeError, AttributeError):
        return None


def differences(old: Recipe, new: Recipe) -> tuple[str, ...]:
    """Such as `packages.apt: + nodejs`, in the order of the build."""
    return tuple(_differences(old, read(str(new)) or new))


def lines(recipe: Recipe | None) -> list[str]:
    """For a comparison line by line; empty for no recipe."""
    if recipe is None:
        return []
    found = [f"base: {recipe.base}"]
    for key, shown in _LISTS.items():
        values = getattr(recipe, key)
        if values:
            found += [f"{shown}:", *(f"  {one}" for one in values)]
    return [*found, f"steps: {recipe.steps}", f"runner: {recipe.runner}"]


def _differences(old: Recipe, new: Recipe) -> Iterator[str]:
    if old.base != new.base:
        yield f"image.base: {old.base} → {new.base}"
    for key, shown in _LISTS.items():
        yield from _listed(shown, getattr(old, key), getattr(new, key))
    if old.steps != new.steps:
        yield "toolkit builds images in other steps"
    if old.runner != new.runner:
        yield "toolkit has another session runner"


def _listed(shown: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if come:
        yield f"{shown}: + {', '.join(come)}"
    if gone:
        yield f"{shown}: - {', '.join(gone)}"
