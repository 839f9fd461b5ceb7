"""Files in and out of a session, with the meaning of `cp -R` and `docker cp`."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError, ToolkitError, unwritable
from toolkit.sessions.unpacking import RefusedEntryError, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engines.base import Engine

_IN_MEMORY = 32 * 1024 * 1024
_CHUNK = 1024 * 1024


def copy_out(engine: Engine, container: str, source: str, target: Path) -> None:
    """Copy a file or folder of the session to `target`, into it where it is a folder.

    Entries that would land outside the target are refused: what is inside a session is not trusted.

    Raises:
        NotFoundError: the session has no such thing.
        ToolkitError: there is no such folder here, it cannot be written, or an entry is refused.
    """
    into, name = (target, PurePosixPath(source).name) if target.is_dir() else (target.parent, target.name)
    if not into.is_dir():
        raise ToolkitError(f"no folder {into} to copy into", hint=f"mkdir -p {into}", code=NotFoundError.code)
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        for chunk in engine.get_archive(container, source):
            spool.write(chunk)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as tar:
            try:
                unpack(tar, into, _renamed(tar, name))
            except RefusedEntryError as error:
                raise ToolkitError(f"{source} holds an entry that may not be copied out: {error}") from error
            except OSError as error:
                raise unwritable(error.filename or into, error) from error


def copy_in(engine: Engine, container: str, source: Path, target: str) -> None:
    """Copy a file or folder to `target` in the session: into it where it ends in `/` or is a folder there."""
    if not source.exists():
        raise NotFoundError(f"no file or folder {source}")
    goal = PurePosixPath(target)
    as_folder = target.endswith("/") or _is_folder(engine, container, target)
    folder, name = (goal, source.resolve().name) if as_folder else (goal.parent, goal.name)
    engine.put_archive_stream(container, str(folder), _packed(source, name))


def _packed(source: Path, name: str) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
            try:
                tar.add(source, arcname=name, filter=_as_root)
            except OSError as error:
                raise ToolkitError(f"cannot read {error.filename or source}: {error.strerror}") from error
        spool.seek(0)
        while chunk := spool.read(_CHUNK):
            yield chunk


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _is_folder(engine: Engine, container: str, path: str) -> bool:
    try:
        chunks = engine.get_archive(container, path.rstrip("/") + "/.")
        next(iter(chunks), b"")
    except (NotFoundError, ToolkitError):
        return False
    return True


def _renamed(tar: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    for entry in tar:
        first, slash, rest = entry.name.partition("/")
        if first == "..":
            raise ToolkitError(f"an entry of the session's archive leaves its folder: {entry.name}")
        yield entry.replace(name=f"{name}{slash}{rest}", deep=False)
