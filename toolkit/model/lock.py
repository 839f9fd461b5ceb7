"""What was recorded of the bases: the same declarations on the same bases give the same images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Base image as declared → digest, `sha256:…`: its registry's, or the engine's id of one that came from none."""

    bases: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockChange:
    """A base whose recorded digest is (or was) not the present one; an empty side: not recorded, not declared."""

    base: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The lock as it is now to be, and what that changes; `path` is the file's, relative to the root."""

    path: str
    lock: Lock
    changes: tuple[LockChange, ...]
