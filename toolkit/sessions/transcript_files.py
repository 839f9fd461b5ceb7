"""The transcript's files inside a session's container (`runner/transcript.py`), read from outside, also at its end.

The session's agent may have written anything there: a line without an end is left out, and names are only compared.
"""

from __future__ import annotations

import gzip
import io
import re
import tarfile
import zlib
from typing import IO, TYPE_CHECKING

from toolkit.errors import NotFoundError
from toolkit.sessions.plan import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engines.base import Engine

_NEWEST = f"{STATE_FOLDER}/transcript.jsonl"
_OLDER = f"{STATE_FOLDER}/transcript"
_SEGMENT = re.compile(r"(\d{1,18})-(\d{1,18})\.jsonl(\.gz)?")
_LONGEST_LINE = 64 << 20


def lines(engine: Engine, container: str, *, first: int, last: int) -> Iterator[bytes]:
    """The lines of all files that may hold events from `first` to `last`, in the order of their events."""
    yield from _lines(engine, container, _OLDER, first, last)
    yield from _lines(engine, container, _NEWEST, first, last)


def _lines(engine: Engine, container: str, path: str, first: int, last: int) -> Iterator[bytes]:
    try:
        stream = _Stream(engine.get_archive(container, path))
        with tarfile.open(fileobj=stream, mode="r|") as tar:  # the engine walks a folder by names, so by numbers
            for entry in tar:
                file = tar.extractfile(entry)
                if file is not None and _may_hold(entry.name, first, last):
                    yield from _whole_lines(gzip.GzipFile(fileobj=file) if entry.name.endswith(".gz") else file)
    except NotFoundError:
        return
    except (tarfile.TarError, EOFError, OSError, zlib.error):  # it changed while it was read, or is no such file
        return


def _may_hold(name: str, first: int, last: int) -> bool:
    if _NEWEST.endswith(f"/{name}"):
        return True
    segment = _SEGMENT.fullmatch(name.rpartition("/")[2])
    return segment is not None and int(segment[1]) <= last and int(segment[2]) >= first


def _whole_lines(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    whole = True
    while line := file.readline(_LONGEST_LINE):
        if whole and line.endswith(b"\n"):
            yield line
        whole = line.endswith(b"\n")


class _Stream(io.RawIOBase):
    """What the engine sends, as tarfile wants to read it."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest and (chunk := next(self._chunks, b"")):
            self._rest = chunk
        size = len(self._rest) if size < 0 else size
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
