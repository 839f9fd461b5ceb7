"""Files of a repository as they were at a revision, laid out in a folder; neither index nor working tree is touched."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import NotFoundError, ToolkitError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """`top` stands for the repository's top folder, `root` for the folder that was asked for."""

    commit: str
    top: Path
    root: Path
    origin: Path

    def lay_out(self, paths: Iterable[str]) -> None:
        """Write files and folders, by paths relative to `root`; what the revision does not have is passed over."""
        named = [os.path.normpath(one) for one in paths]
        inside = [one for one in named if not PurePosixPath(one).is_absolute()]
        listed = self._git("ls-files", "-z", "--", *inside).stdout if inside else ""
        if listed:
            self._git("checkout-index", "-q", "-f", "-z", "--stdin", f"--prefix={self.top}/", stdin=listed.encode())

    def _git(self, *words: str, stdin: bytes | None = None) -> process.Completed:
        index = {"GIT_INDEX_FILE": str(self.top.parent / "index")}
        return process.run(
            ("git", "-C", str(self.origin), *words), timeout=_SECONDS, env=index, stdin=stdin, check=False
        )


def past(root: Path, revision: str, scratch: Path) -> Past:
    """The revision of the repository around `root`, ready to lay out files below the empty folder `scratch`.

    Raises NotFoundError where there is no such revision, ToolkitError where there is no repository.
    """
    prefix = process.run(("git", "-C", str(root), "rev-parse", "--show-prefix"), timeout=_SECONDS, check=False)
    if prefix.returncode:
        raise ToolkitError(f"{root} is not in a git repository", hint="git init makes one")
    wanted = ("git", "-C", str(root), "rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
    commit = process.run(wanted, timeout=_SECONDS, check=False).stdout.strip()
    if not commit or revision.startswith("-"):
        raise NotFoundError(
            f"there is no revision '{revision}'", hint="name a commit, branch or tag of this repository"
        )
    top = scratch / "files"
    found = Past(commit=commit, top=top, root=top / prefix.stdout.strip(), origin=root)
    found.root.mkdir(parents=True)
    read = process.run(
        ("git", "-C", str(root), "read-tree", commit),
        timeout=_SECONDS,
        env={"GIT_INDEX_FILE": str(scratch / "index")},
        check=False,
    )
    if read.returncode:
        raise ToolkitError(f"the files of '{revision}' can't be read: {read.stderr.strip()}")
    return found
