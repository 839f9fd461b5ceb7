"""What was found about unchanged files, kept between commands: then nothing has to be read as YAML again.

A finding holds as long as every file that it rests on has the content that it had, and toolkit its code and schemas.
Content is compared by SHA-256; a file whose state (inode, size, times) is the one noted is not even opened, unless it
had been written so shortly before that a second write could hide in the same tick of the file system's clock.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from contextlib import suppress
from functools import cache

from toolkit import __version__
from toolkit.model.limits import MAX_BYTES
from toolkit.paths import cache_dir, carried, runner_source

try:  # as the standard library's random does it: hashlib loads OpenSSL, which takes half as long as starting Python
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # Python 3.12 and later
    from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any


NAMED = "./"
"""Before the path of a file that a declaration names: no link may lead there, or it could lie anywhere."""
_MAX_FILES = 64
_MAX_ENTRIES = 20_000
_MAX_CACHE_BYTES = 64 << 20
_CODE = ("", "declare", "documents", "model", "settings")
# Local file systems keep times to the tick of the kernel's clock, 10 ms at most; some others to 1 or 2 s.
_FINE_TICK = 100_000_000
_COARSE_TICK = 3_000_000_000

_Noted = list["Any"]
"""What is known of a file: inode, size, mtime and ctime in ns (all 0: too young to tell by), and its SHA-256."""
_DAMAGE = (ValueError, TypeError, LookupError, AttributeError)


class Memory:
    """Findings of one kind about files under a root, by path; each with the files that it rests on."""

    def __init__(self, *, root: Path, place: Path) -> None:
        self.root = root
        self.place = place
        self._files: dict[str, _Noted] = {}
        self._entries: dict[str, _Noted] = {}
        self._unchanged: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}
        self._renewed = False

    @classmethod
    def of(cls, kind: str, root: Path, *scope: str) -> Memory:
        """What this toolkit remembers of a kind, root and scope; nothing where its file is missing or damaged."""
        whole = "\0".join((kind, str(root), *scope, _product()))
        name = sha256(whole.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        found = cls(root=root, place=cache_dir() / "declarations" / f"{name}.json")
        with suppress(OSError, RecursionError, *_DAMAGE):
            digest, _, body = found.place.read_bytes().partition(b"\n")
            if sha256(body).hexdigest().encode() == digest:
                kept = json.loads(body)
                found._files, found._entries = dict(kept["files"]), dict(kept["entries"])
        return found

    def recall(self, path: str, *, content: bytes | None = None) -> Any:
        """What was kept for `path`, if every file that it rests on is unchanged; else None.

        With `content` it rests on that alone, and no file is looked at.
        """
        try:
            rests_on, payload = self._entries[path]
            if content is not None:
                return payload if self._files[path][4] == sha256(content).hexdigest() else None
            files = (path,) if rests_on is None else rests_on
            return payload if all(self._is_unchanged(one) for one in files) else None
        except _DAMAGE:
            return None

    def keep(self, findings: Mapping[str, tuple[Iterable[str], Any]], seen: Mapping[str, _Noted]) -> None:
        """Remember findings by path: the files that each rests on, as they were `seen`, and what was found.

        A finding whose files are not all among the `seen` is left out; a folder that can't be written changes nothing.
        """
        for path, (rests_on, payload) in findings.items():
            names = list(rests_on)
            if all(name in seen for name in names):
                self._files.update((name, seen[name]) for name in names)
                self._entries[path] = [None if names == [path] else names, payload]
                self._renewed = True
        if self._renewed:
            with suppress(OSError):
                self._write()

    def rests_on(self, path: str) -> dict[str, _Noted]:
        """The files that a finding recalled or kept by this memory rests on, as they are noted."""
        return {one: self._files[one] for one in (self._entries[path][0] or (path,))}

    def _is_unchanged(self, path: str) -> bool:
        if path not in self._unchanged:
            self._unchanged[path] = self._compare(path)
        return self._unchanged[path]

    def _compare(self, path: str) -> bool:
        named = path.startswith(NAMED)
        place = os.path.join(self.root, path.removeprefix(NAMED))  # noqa: PTH118 -- ten times as fast as Path's
        known = self._files.get(path)
        try:
            state = os.lstat(place) if named else os.stat(place)  # noqa: PTH116
            if known is None or not stat.S_ISREG(state.st_mode) or (named and not self._is_straight(place)):
                return False
            if [state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns] == known[:4]:
                return True
            now = noted(state, self._content(place, state))
        except (OSError, ValueError):
            return False
        if now[4] != known[4]:
            return False
        self._files[path] = now
        self._renewed = self._renewed or now != known
        return True

    def _is_straight(self, place: str) -> bool:
        """No link leads there: then a file that a declaration names still lies inside the repository."""
        folder = os.path.dirname(place)  # noqa: PTH120
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder) == os.path.normpath(folder)
        return self._folders[folder]

    @staticmethod
    def _content(place: str, state: os.stat_result) -> bytes:
        if state.st_size > MAX_BYTES:
            raise ValueError("too large to be a declaration or one of its files")
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()

    def _write(self) -> None:
        if len(self._entries) > _MAX_ENTRIES:
            self._entries = {path: one for path, one in self._entries.items() if path in self._unchanged}
        body = json.dumps({"files": self._files, "entries": self._entries}, separators=(",", ":")).encode()
        if len(body) > _MAX_CACHE_BYTES:
            return
        self.place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged = self.place.with_suffix(f".{os.getpid()}.new")
        try:
            staged.write_bytes(sha256(body).hexdigest().encode() + b"\n" + body)
            staged.replace(self.place)
        finally:
            staged.unlink(missing_ok=True)
        _bound(self.place.parent)


def states_of(root: Path, paths: Sequence[str]) -> list[list[int]]:
    """What the system says of files now, each as it is noted; raises OSError, ValueError."""
    before = f"{root}/"
    found = [os.stat(before + path) for path in paths]  # noqa: PTH116
    return [[one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns] for one in found]


def digest_of(paths: Sequence[str], states: Sequence[Sequence[int]]) -> str:
    """One digest of many files' names and states."""
    return str(sha256(repr((list(paths), list(states))).encode("utf-8", "surrogateescape")).hexdigest())


def unplaced(content: bytes) -> _Noted:
    """A content, wherever it came from."""
    return [0, 0, 0, 0, sha256(content).hexdigest()]


def noted(state: os.stat_result, content: bytes) -> _Noted:
    """A file as the memory keeps it."""
    digest = sha256(content).hexdigest()
    tick = _FINE_TICK if state.st_ctime_ns % 1_000_000 else _COARSE_TICK
    if time.time_ns() - max(state.st_ctime_ns, state.st_mtime_ns) < tick:
        return [0, 0, 0, 0, digest]
    return [state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns, digest]


@cache
def _product() -> str:
    """What a finding depends on beside the files: this toolkit's code and schemas, and Python."""
    package = runner_source().parent
    folders = [*(package / one for one in _CODE), carried("schemas")]
    states = sorted(
        (entry.path, state.st_size, state.st_mtime_ns)
        for folder in folders
        for entry in os.scandir(folder)
        if entry.name.endswith((".py", ".json")) and (state := entry.stat())
    )
    return repr((__version__, sys.version, states))


def _bound(folder: Path) -> None:
    """Keep the files that were written last."""
    kept = sorted(folder.glob("*.json"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
    for one in kept[_MAX_FILES:]:
        one.unlink(missing_ok=True)
