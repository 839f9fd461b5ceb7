"""The repository that a session starts from, looked at before anything happens."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git import addresses, asking

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a session's work begins.

    `top`: the checkout's folder, None for an address. `branch`: empty for a detached head, or for an address whose
    default is wanted. `remote`: the address that git takes, which may hold a credential and is never shown; `address`:
    the same for people; both empty where there is none. `changed`: tracked files with uncommitted changes.
    `is_current`: `branch` is what is checked out, so those changes belong to it.
    """

    name: str
    branch: str
    address: str
    top: Path | None = None
    remote: str = field(default="", repr=False)
    author: str = ""
    email: str = ""
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    is_current: bool = True

    @property
    def label(self) -> str:
        """How the session's label names it: the remote, else the folder."""
        return self.address or str(self.top)


def look(where: str, *, branch: str = "") -> Repository:
    """Read what a session needs to know of a local checkout, or of an address.

    Raises:
        ToolkitError: no repository there, no commit in it, or no such branch.
    """
    if addresses.is_address(where) or _is_bare(where):
        remote = where if addresses.is_address(where) else str(Path(where).resolve())
        return Repository(
            name=_name(addresses.parse(remote).path),
            branch=branch,
            address=addresses.shown(remote),
            remote=remote,
            author=_person(None, "name"),
            email=_person(None, "email"),
        )
    return _look_at_checkout(_top(where), branch)


def _look_at_checkout(top: Path, branch: str) -> Repository:
    if asking.git(top, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", check=False).returncode:
        raise ToolkitError(f"{top} has no commits yet", hint="commit something first: git add -A && git commit")
    if branch and asking.git(top, "rev-parse", "--quiet", "--verify", f"refs/heads/{branch}", check=False).returncode:
        branches = asking.git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads").stdout.split()
        raise NotFoundError(f"{top} has no branch '{branch}'", hint=f"branches: {', '.join(branches)}")
    current = asking.git(top, "symbolic-ref", "--quiet", "--short", "HEAD", check=False).stdout.strip()
    remote = remote_of(top, branch or current)
    changed, untracked = uncommitted(top)
    return Repository(
        name=_name(top.name),
        branch=branch or current,
        address=addresses.shown(remote),
        top=top,
        remote=remote,
        author=_person(top, "name"),
        email=_person(top, "email"),
        changed=changed,
        untracked=untracked,
        is_current=not branch or branch == current,
    )


def remote_of(top: Path, branch: str) -> str:
    """The address that this branch's work goes to: its own remote, else `origin`, else the only one; empty: none.

    The address for pushing where that is another form of the same repository. A path is made absolute.
    """
    names = asking.git(top, "remote").stdout.split()
    own = _setting(top, f"branch.{branch}.remote") if branch else ""
    chosen = next((one for one in (own, "origin") if one in names), names[0] if len(names) == 1 else "")
    if not chosen:
        return ""
    read = asking.git(top, "remote", "get-url", "--", chosen).stdout.strip()
    write = asking.git(top, "remote", "get-url", "--push", "--", chosen).stdout.strip()
    same = addresses.parse(read, base=top).identity == addresses.parse(write, base=top).identity
    found = addresses.parse(write if same else read, base=top)
    return found.path if found.scheme == "path" else found.text


def uncommitted(top: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tracked files with changes, and untracked files; paths relative to `top`."""
    entries = asking.git(top, "status", "--porcelain", "-z", "--no-renames").stdout.split("\0")
    changed = tuple(one[3:] for one in entries if one and not one.startswith("??"))
    return changed, tuple(one[3:] for one in entries if one.startswith("??"))


def top_of(where: str) -> Path:
    """The checkout's top folder; ToolkitError where there is none."""
    return _top(where)


def _is_bare(where: str) -> bool:
    if not Path(where).is_dir():
        return False
    done = asking.git(Path(where), "rev-parse", "--is-bare-repository", "--absolute-git-dir", check=False)
    answers = done.stdout.split("\n")
    return answers[0] == "true" and Path(answers[1]) == Path(where).resolve()


def _top(where: str) -> Path:
    folder = Path(where)
    if not folder.is_dir():
        raise NotFoundError(f"{where} is no folder", hint="--repo takes a checkout's folder or a git address")
    found = asking.git(folder, "rev-parse", "--show-toplevel", check=False)
    if found.returncode:
        reason = found.stderr.strip().removeprefix("fatal: ")
        raise ToolkitError(
            f"{folder.resolve()} is not a git repository: {reason}" if "dubious" in reason
            else f"{folder.resolve()} is not a git repository",
            hint="run this inside a checkout, or name one with --repo",
            code="not-a-repository",
        )  # fmt: skip
    return Path(found.stdout.rstrip("\n"))


def _setting(top: Path | None, key: str) -> str:
    return asking.git(top, "config", "--get", key, check=False).stdout.strip()


def _person(top: Path | None, part: str) -> str:
    """What git puts into commits here: of the environment, else of the configuration; nothing that it makes up."""
    return os.environ.get(f"GIT_AUTHOR_{part.upper()}", "") or _setting(top, f"user.{part}")


def _name(path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return _NOT_IN_A_NAME.sub("-", last).strip("-.") or "repository"
