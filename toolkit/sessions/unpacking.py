"""Archives of a session on this machine's disk: what is inside a session is not trusted."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MODES = 0o755


class RefusedEntryError(Exception):
    """An entry that would land outside of the folder, or that is no file, folder or link."""


def unpack(tar: tarfile.TarFile, into: Path, members: Iterable[tarfile.TarInfo]) -> None:
    """Lay out `members` below `into`; RefusedEntryError at the first that may not be.

    By tarfile's own filter `data`. Debian 12's Python, 3.11.2, has none yet, and gets the same rules from here.
    """
    if not hasattr(tarfile, "data_filter"):
        tar.extractall(into, members=checked(members, into))  # noqa: S202 -- checked, one by one as they are laid out
        return
    try:
        tar.extractall(into, members=members, filter="data")
    except tarfile.FilterError as error:
        raise RefusedEntryError(str(error)) from error


def checked(members: Iterable[tarfile.TarInfo], into: Path) -> Iterator[tarfile.TarInfo]:
    """Each as it may be laid out: owned by this user, without rights that stand out; lazily, after those before it."""
    root = into.resolve()
    for member in members:
        target = (root / member.name.lstrip("/")).resolve()
        if not target.is_relative_to(root):
            raise RefusedEntryError(f"'{member.name}' would be laid out outside of {into}")
        if not (member.isfile() or member.isdir() or member.islnk() or member.issym()):
            raise RefusedEntryError(f"'{member.name}' is a device or a pipe")
        if member.islnk() or member.issym():
            _check_link(member, root, target)
        member.name = member.name.lstrip("/")
        member.mode = (member.mode & _MODES) | (0o700 if member.isdir() else 0o600)
        member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
        yield member


def _check_link(member: tarfile.TarInfo, root: Path, target: Path) -> None:
    start = target.parent if member.issym() else root
    if Path(member.linkname).is_absolute() or not (start / member.linkname).resolve().is_relative_to(root):
        raise RefusedEntryError(f"'{member.name}' is a link to '{member.linkname}', outside of the folder")
