"""The files that declarations are read from: a folder on disk, and how far from it they may reach."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from toolkit.declare.fault import Fault
from toolkit.memory import NAMED
from toolkit.model.limits import MAX_BYTES
from toolkit.paths import ENVIRONMENTS, LOCK_NAME
from toolkit.record import Record

SUFFIX = ".yaml"
_OTHER_SUFFIX = ".yml"


class UnreadableError(Exception):
    """A file that can't be had; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Seen(Record):
    """A file as it was read; `state` is what the system said of it before."""

    state: os.stat_result
    content: bytes


class Tree(Record):
    """Files under `root`, by POSIX paths relative to it; nothing outside `boundary` (the repository) is read.

    With a mapping for `seen`, every file that is read is noted there: declarations under their paths, files that they
    name under theirs after `NAMED`, unless a link leads there.
    """

    root: Path
    boundary: Path
    seen: dict[str, Seen] | None = None

    @classmethod
    def at(cls, root: Path) -> Tree:
        """The tree of a folder; its repository is the nearest one upward that git knows, else the folder itself."""
        folder = root.resolve()
        repository = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
        return cls(root=folder, boundary=repository)

    def noting(self, seen: dict[str, Seen]) -> Tree:
        """The same tree, which notes in `seen` what is read."""
        return Tree(root=self.root, boundary=self.boundary, seen=seen)

    def environments(self) -> tuple[str, ...]:
        """The paths of all declarations, sorted; `.yml` ones too, which the rules refuse. The lock file is none."""
        return self.declarations_in(ENVIRONMENTS)

    def declarations_in(self, folder: str) -> tuple[str, ...]:
        place = self.root / folder
        if not place.is_dir():
            return ()
        with os.scandir(place) as entries:
            names = [one.name for one in entries if _is_declaration(one)]
        before = f"{PurePosixPath(folder)}/".removeprefix("./")
        return tuple([before + name for name in sorted(names)])

    def read(self, path: str) -> bytes:
        """The bytes of a declaration; raises UnreadableError."""
        return self._noted(path, self.root / path, shown=path)

    def read_beside(self, declaration: str, named: str) -> tuple[str, bytes]:
        """A file that a declaration names, relative to its own folder: its path as shown, and its bytes."""
        place = self.root / PurePosixPath(declaration).parent / _on_disk(named)
        try:
            real = place.resolve()
        except (OSError, RuntimeError) as error:  # a loop of links
            raise UnreadableError(Fault(rule="file-missing", message=f"'{named}' can't be found: {error}")) from error
        if not real.is_relative_to(self.boundary):
            raise UnreadableError(
                Fault(
                    rule="file-outside",
                    message=f"'{named}' lies outside the repository",
                    hint="a declaration names files of its own repository only",
                )
            )
        path = self.beside(declaration, named)
        straight = str(real) == os.path.join(self.root, path)  # noqa: PTH118 -- which of two spellings it is
        return path, self._noted(f"{NAMED}{path}" if straight else "", real, shown=named)

    @staticmethod
    def beside(declaration: str, named: str) -> str:
        """The path, as shown, of a file that a declaration names."""
        return os.path.normpath(PurePosixPath(declaration).parent / named)

    def _noted(self, path: str, place: Path, *, shown: str) -> bytes:
        found = _regular_content(place)
        if found is None:
            return _content(place, shown=shown)
        if self.seen is not None and path:
            self.seen[path] = found
        return found.content


def _on_disk(named: str) -> str:
    """In UTF-8, as declarations are, whatever this machine's locale makes of file names."""
    return os.fsdecode(named.encode("utf-8", "surrogateescape"))


def _is_declaration(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not entry.name.endswith((SUFFIX, _OTHER_SUFFIX)) or entry.name == LOCK_NAME:
        return False
    try:
        return not entry.is_dir()
    except OSError:  # a loop of links
        return True


def _regular_content(place: Path) -> Seen | None:
    """A file in the fewest calls; None where there is more to say than its content."""
    try:
        state = os.stat(place)  # noqa: PTH116 -- twice as fast as Path's, and thousands of files are read
        if not stat.S_ISREG(state.st_mode) or state.st_size > MAX_BYTES:
            return None
        with open(place, "rb", buffering=0) as file:  # noqa: PTH123 -- as above
            return Seen(state=state, content=file.read())
    except (OSError, ValueError):
        return None


def _content(place: Path, *, shown: str) -> bytes:
    try:
        if not place.exists():
            raise UnreadableError(
                Fault(
                    rule="file-missing",
                    message=f"there is no file '{shown}'",
                    hint="files are named relative to the YAML file",
                )
            )
        if not place.is_file():
            raise UnreadableError(Fault(rule="file-unreadable", message=f"'{shown}' is not a file"))
        if place.stat().st_size > MAX_BYTES:
            message = f"'{shown}' has {place.stat().st_size} bytes; 1 MiB is the limit"
            raise UnreadableError(Fault(rule="file-too-large", message=message))
        return place.read_bytes()
    except OSError as error:
        message = f"'{shown}' can't be read: {error.strerror or error}"
        raise UnreadableError(Fault(rule="file-unreadable", message=message)) from error
