"""`toolkit man-pages`: the manual's files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import unwritable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write(pages: Mapping[str, str], folder: Path) -> Path:
    """Write each page over an earlier one; ToolkitError where the folder can't be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise unwritable(error.filename or folder, error) from error
    return folder
