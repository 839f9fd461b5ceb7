"""One value of one settings file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.settings.layers import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What one file says about one key: a string, or a tuple of strings for a list; the place counts from 1."""

    pointer: tuple[str, ...]
    value: str | tuple[str, ...]
    layer: Layer
    path: Path
    line: int
    column: int
