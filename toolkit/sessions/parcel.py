"""Tar streams that go into a session: the runner's order and what it must trust, or a turn before it has started."""

from __future__ import annotations

import io
import tarfile
import tempfile
from typing import TYPE_CHECKING

from toolkit.sessions.plan import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IN_MEMORY = 32 * 1024 * 1024
_CHUNK = 1024 * 1024


def parcel(*, order: bytes, extra: Mapping[str, bytes]) -> Iterator[bytes]:
    """Chunks of a tar to unpack at `/`; everything in it belongs to root. `extra`: absolute path → content."""
    return packed({f"{STATE_FOLDER}/session.json": order, **extra})


def packed(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """The same for any absolute paths."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, content in files.items():
                _add_file(tar, path.lstrip("/"), content)
        spool.seek(0)
        while chunk := spool.read(_CHUNK):
            yield chunk


def _add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    folder = tarfile.TarInfo(name.rpartition("/")[0])
    folder.type = tarfile.DIRTYPE
    folder.mode = 0o700
    tar.addfile(folder)
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o600
    tar.addfile(entry, io.BytesIO(content))
