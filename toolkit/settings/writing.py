"""Changes to one settings file: under a lock, checked before they count, everything else kept as it was."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from toolkit.diagnostics import has_errors
from toolkit.errors import ToolkitError
from toolkit.paths import project_state, state_dir
from toolkit.settings.layers import Layer, layer_path
from toolkit.settings.reading import check, invalid, read, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


PointerT = TypeVar("PointerT", bound=tuple[str | int, ...])

_LOCK_SECONDS = 10.0
_RETRY_SECONDS = 0.02
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
        with _locked(target):
            before = _readable(layer, root, path)
            after = _changed(before, changes)
            if after != before:
                _accept(after, layer, shown(path, root))
                if layer.in_project and root is not None:
                    _ignore_the_rest(root)
                _replace(target, after)
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


def _replace(target: Path, text: str) -> None:
    """Write a new file beside the old one and rename it over: readers see the old or the new, never half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}.{os.getpid()}.new")
    staged.unlink(missing_ok=True)  # of a writer that was killed; the lock keeps living ones apart
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w", newline="") as file:
            file.write(text)
            file.flush()
            _like(target, file.fileno())
            os.fsync(file.fileno())
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def _like(target: Path, descriptor: int) -> None:
    """Give the new file the mode, and where we may the owner, of the one that it replaces."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    with suppress(PermissionError):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & 0o7777)


def _ignore_the_rest(root: Path) -> None:
    """Keep git away from this machine's own files beside the shared settings, unless the team has said how."""
    path = project_state(root) / ".gitignore"
    if not path.exists() and not path.is_symlink():
        _replace(path, _IGNORED)


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """One writer at a time for this file. The lock lies in the user's state folder, so that no repository gets it.

    `flock` itself: importing filelock takes four times as long as starting Python, and this is a quick verb.
    """
    import fcntl
    from hashlib import sha256

    folder = state_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    name = sha256(os.fsencode(target)).hexdigest()[:16]
    deadline = time.monotonic() + _LOCK_SECONDS
    with (folder / f"settings-{name}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ToolkitError(
                        f"another command has been writing {target} for {_LOCK_SECONDS:g} s", hint="try again"
                    ) from None
                time.sleep(_RETRY_SECONDS)
        yield
