"""The session's events: one JSON object a line, in the file and on stdout.

stdout is the container's log, which any client of the engine can follow, also after the session has ended; the engine
keeps its newest part. The file keeps all of it, for hooks and agents inside, and for clients that miss the numbers of
older events: past a size it is packed away as `transcript/FIRST-LAST.jsonl.gz`, named by those numbers. An event is in
the file before it is in the log. The types stand in schemas/transcript.schema.json.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import sys
import threading
import zlib
from typing import TYPE_CHECKING, Any

from . import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SEGMENT_BYTES = 64 << 20
_PACKED = re.compile(r"(\d+)-(\d+)\.jsonl(?:\.gz)?")
_TAIL = 1 << 20
_PIECE = 8 << 10  # Docker's are of 16 KiB


class Transcript:
    """`known`: events are numbered on from here where the file knows no more. Safe to use from several threads."""

    def __init__(self, path: Path, *, known: int = 0, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._path = path
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        self._listeners: list[Callable[[dict[str, Any]], None]] = []
        self.count = max(known, _last_number(path))
        self._first = self.count + 1
        self._file: int | None = None
        self._size = 0
        with contextlib.suppress(OSError):
            self._first = _first_number(path) or self._first
        self._open()
        for left in sorted(_older(path).glob("*.jsonl")):  # its packing was cut off
            _in_background(left)

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> None:
        """Every event from now on, in order; a listener must not block."""
        with self._lock:
            self._listeners.append(listener)

    def write(self, kind: str, turn: int, **fields: object) -> None:
        with self._lock:
            self.count += 1
            event = {"time": clock.now(), "seq": self.count, "type": kind, "turn": turn, **fields}
            # ASCII only: whatever bytes a tool printed, a line stays a line
            line = _sealed(json.dumps(event)) + "\n"
            self._keep(line.encode("ascii"))
            with contextlib.suppress(OSError):
                sys.stdout.write(line)
                sys.stdout.flush()
            for listener in self._listeners:
                listener(event)

    def _keep(self, line: bytes) -> None:
        """A full disk must not end the session: the log on stdout is not on the session's disk."""
        if self._size >= self._segment_bytes:
            self._pack()
        if self._file is None:
            self._open()
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            if os.write(self._file, line) == len(line):
                self._size += len(line)
                return
        with contextlib.suppress(OSError):  # half a line is none
            os.ftruncate(self._file, self._size)

    def _pack(self) -> None:
        """What is in the file so far moves aside at once, and is packed while the session goes on."""
        packed = _older(self._path) / f"{self._first:012d}-{self.count - 1:012d}.jsonl"
        try:
            packed.parent.mkdir(exist_ok=True)
            os.replace(self._path, packed)
        except OSError:
            return
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._first = None, 0, self.count
        _in_background(packed)

    def _open(self) -> None:
        with contextlib.suppress(OSError):
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._size = os.fstat(self._file).st_size


def _sealed(line: str) -> str:
    """A line that the engine's log keeps in pieces, of which followers may get one twice, says what it is whole."""
    if len(line) <= _PIECE:
        return line
    return f'{line[:-1]}, "crc": {zlib.crc32(line.encode("ascii"))}}}'


def _older(path: Path) -> Path:
    """The folder of the packed parts."""
    return path.with_suffix("")


def _in_background(segment: Path) -> None:
    with contextlib.suppress(RuntimeError):  # no thread to be had: it is packed at the next start
        threading.Thread(target=_compress, args=(segment,), daemon=True).start()


def _compress(segment: Path) -> None:
    staged = segment.with_suffix(".new")
    try:
        with open(segment, "rb") as plain, gzip.open(staged, "wb", compresslevel=1) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
        os.replace(staged, f"{segment}.gz")
        os.unlink(segment)
    except OSError:  # a full disk: it stays as it is
        with contextlib.suppress(OSError):
            os.unlink(staged)


def _last_number(path: Path) -> int:
    """The number of the newest event that is on the disk; 0 where there is none."""
    names = [_PACKED.fullmatch(one.name) for one in _older(path).glob("*")]
    found = [int(one.group(2)) for one in names if one]
    with contextlib.suppress(OSError), open(path, "rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        found += [_number(line) for line in file.read().splitlines()[-2:]]
    return max(found, default=0)


def _first_number(path: Path) -> int:
    with open(path, "rb") as file:
        return _number(file.readline())


def _number(line: bytes) -> int:
    try:
        return int(json.loads(line)["seq"])
    except (ValueError, KeyError, TypeError):
        return 0
