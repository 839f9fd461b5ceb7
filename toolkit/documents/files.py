"""Writing a text file that people and other commands read meanwhile: whole or not at all, one writer at a time."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK_SECONDS = 10.0
_RETRY_SECONDS = 0.02


def replace(target: Path, text: str) -> None:
    """Write `text` beside `target` and rename it over; mode and, where we may, owner stay. Raises OSError."""
    staged = _staged(target, text)
    try:
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)


def create(target: Path, text: str) -> None:
    """The same for a file that must not exist yet; raises FileExistsError, OSError."""
    staged = _staged(target, text)
    try:
        os.link(staged, target)  # unlike a rename it never replaces
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """One writer at a time for this file, waiting at most ten seconds; raises ToolkitError.

    The lock lies in the user's state folder, so that no repository gets it. `flock` itself: importing filelock takes
    four times as long as starting Python.
    """
    import fcntl
    from hashlib import sha256

    folder = state_dir() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    name = sha256(os.fsencode(target.resolve())).hexdigest()[:16]
    deadline = time.monotonic() + _LOCK_SECONDS
    with (folder / f"file-{name}.lock").open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"another command has been writing {target} for {_LOCK_SECONDS:g} s"
                    raise ToolkitError(message, hint="try again") from None
                time.sleep(_RETRY_SECONDS)
        yield


def _staged(target: Path, text: str) -> Path:
    staged = target.with_name(f".{target.name}.{os.getpid()}.new")
    staged.unlink(missing_ok=True)  # of a writer that was killed and whose process id came round again
    try:
        with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "w", newline="") as file:
            file.write(text)
            file.flush()
            _like(target, file.fileno())
            os.fsync(file.fileno())
    except BaseException:
        staged.unlink(missing_ok=True)
        raise
    return staged


def _like(target: Path, descriptor: int) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    with suppress(PermissionError):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, old.st_mode & 0o7777)
