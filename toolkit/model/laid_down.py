"""What `init` did in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidDown:
    """Paths relative to `folder`, in the order of the texts; `kept` were there already and are untouched.

    `unignored`: a .gitignore was there that says nothing of our folder.
    """

    folder: Path
    created: tuple[str, ...]
    kept: tuple[str, ...]
    unignored: bool
