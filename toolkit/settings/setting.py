"""One value of one settings file."""

from __future__ import annotations

from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.settings.layers import Layer


class Setting(Record):
    """What one file says about one key: a string, or a tuple of strings for a list; the place counts from 1."""

    pointer: tuple[str, ...]
    value: str | tuple[str, ...]
    layer: Layer
    path: Path
    line: int
    column: int
