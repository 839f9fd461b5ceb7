"""The files that declarations are read from: a folder on disk, and how far from it they may reach."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from toolkit.declare.findings import Fault
from toolkit.documents import MAX_BYTES
from toolkit.paths import ENVIRONMENTS

SUFFIX = ".yaml"
_OTHER_SUFFIX = ".yml"


class UnreadableError(Exception):
    """A file that can't be had; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Files under `root`, by POSIX paths relative to it; nothing outside `boundary` (the repository) is read."""

    root: Path
    boundary: Path

    @classmethod
    def at(cls, root: Path) -> Tree:
        """The tree of a folder; its repository is the nearest one upward that git knows, else the folder itself."""
        folder = root.resolve()
        repository = next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)
        return cls(root=folder, boundary=repository)

    def environments(self) -> tuple[str, ...]:
        """The paths of all declarations, sorted; `.yml` ones too, which the rules refuse."""
        return self.declarations_in(ENVIRONMENTS)

    def declarations_in(self, folder: str) -> tuple[str, ...]:
        place = self.root / folder
        if not place.is_dir():
            return ()
        names = sorted(
            one.name
            for one in place.iterdir()
            if one.suffix in {SUFFIX, _OTHER_SUFFIX} and not one.name.startswith(".") and not one.is_dir()
        )
        return tuple(str(PurePosixPath(folder) / name) for name in names)

    def read(self, path: str) -> bytes:
        """The bytes of a declaration; raises UnreadableError."""
        return _content(self.root / path, shown=path)

    def read_beside(self, declaration: str, named: str) -> tuple[str, bytes]:
        """A file that a declaration names, relative to its own folder: its path as shown, and its bytes."""
        place = self.root / PurePosixPath(declaration).parent / named
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
        return os.path.normpath(PurePosixPath(declaration).parent / named), _content(real, shown=named)


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
