"""What moving between a declaration and a devcontainer.json comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A key of the file that was read (dotted) whose meaning the other format lacks, wholly or in part."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Devcontainer:
    """`files`: POSIX path relative to the folder of devcontainer.json → text; devcontainer.json is one of them."""

    files: Mapping[str, str]
    unmapped: tuple[Unmapped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """The body of a declaration in the declaration's own words, without `version` and `name`.

    `title` is what the devcontainer is called, empty where it is called nothing.
    """

    title: str
    body: Mapping[str, object]
    unmapped: tuple[Unmapped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`written` and `kept` (the same already) are paths as shown: relative to the root where they lie inside."""

    environment: str
    written: tuple[str, ...]
    kept: tuple[str, ...]
    unmapped: tuple[Unmapped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The declaration that was written, by its name and its path relative to the root."""

    environment: str
    path: str
    unmapped: tuple[Unmapped, ...]
