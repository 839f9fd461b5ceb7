"""Changes to one settings file: under a lock, checked before they count, everything else kept as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from toolkit.diagnostics import has_errors
from toolkit.documents.files import locked, replace
from toolkit.errors import ToolkitError
from toolkit.paths import project_state
from toolkit.settings.layers import Layer, layer_path
from toolkit.settings.reading import check, invalid, read, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


PointerT = TypeVar("PointerT", bound=tuple[str | int, ...])

_IGNORED = """\
# What lies here is this machine's own; the team shares settings.yaml alone.
/*
!/settings.yaml
"""


def write(layer: Layer, root: Path | None, changes: Mapping[PointerT, object]) -> Path:
    """Set each pointer of `changes` in the layer's file (None removes it) and return the file's path.

    Comments, layout, mode, owner and symbolic links stay; a file that would be unchanged is not touched, one that
    would be invalid is refused (InvalidError). Two writers at once lose nothing. ToolkitError: it cannot be written.
    """
    path = layer_path(layer, root)
    try:
        target = path.resolve()
        with locked(target):
            before = _readable(layer, root, path)
            after = _changed(before, changes)
            if after != before:
                _accept(after, layer, shown(path, root))
                if layer.in_project and root is not None:
                    _ignore_the_rest(root)
                target.parent.mkdir(parents=True, exist_ok=True)
                replace(target, after)
    except (OSError, RuntimeError) as error:  # RuntimeError: how Python 3.11 and 3.12 report a loop of symbolic links
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolkitError(
            f"settings cannot be written: {path}: {reason}", hint="check the folder's owner, mode and free space"
        ) from error
    return path


def _readable(layer: Layer, root: Path | None, path: Path) -> str:
    """The present text; what a schema finds wrong in it may be what the change mends, bad YAML is not."""
    content = read(path) or b""
    document, problems = check(content, layer, shown(path, root))
    if document is None:
        raise invalid(problems)
    return content.decode()


def _changed(text: str, changes: Mapping[PointerT, object]) -> str:
    from toolkit.documents.edit import remove_value, set_value

    for pointer, value in changes.items():
        text = remove_value(text, pointer) if value is None else set_value(text, pointer, value)
    return text


def _accept(text: str, layer: Layer, path: str) -> None:
    _, problems = check(text.encode(), layer, path)
    if has_errors(problems):
        raise invalid(problems)


def _ignore_the_rest(root: Path) -> None:
    """Keep git away from this machine's own files beside the shared settings, unless the team has said how."""
    path = project_state(root) / ".gitignore"
    if not path.exists() and not path.is_symlink():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, _IGNORED)
