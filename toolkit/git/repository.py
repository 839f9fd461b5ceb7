"""The repository that a session starts from: looked at first, then carried up.

What travels is a clone with history and no working tree, made by git's own transport: neither unreachable objects
nor the local configuration (which may hold credentials) come along.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from toolkit import process
from toolkit.errors import NotFoundError, ToolkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

_QUICK_SECONDS = 60.0
_CLONE_SECONDS = 3600.0
_SURROUNDINGS = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_URL = re.compile(r"^([a-z][a-z0-9+.-]*://|[^/\s]+@[^/\s]+:)")

TRAILER = "Toolkit-Session"
_TRAILER_HOOK = """#!/bin/sh
exec git interpret-trailers --in-place --if-exists addIfDifferent --trailer "{trailer}: {session}" "$1"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where a session's work begins.

    `source` is what git clones (a folder or an address), `branch` empty for a detached head or an address whose
    default is wanted, `address` the remote without credentials (empty: none), `uncommitted` paths that stay behind.
    """

    source: str
    name: str
    branch: str
    address: str
    author: str = ""
    email: str = ""
    uncommitted: tuple[str, ...] = ()


def look(where: str, *, branch: str = "") -> Repository:
    """Read what a session needs to know of a local checkout, or of an address.

    Raises:
        ToolkitError: no repository there, no commit in it, or no such branch.
    """
    if _URL.match(where):
        return Repository(
            source=where,
            name=_name(urlsplit(where).path or where.rpartition(":")[2]),
            branch=branch,
            address=_bare(where),
        )
    top = _top(where)
    if _git(top, "rev-parse", "--quiet", "--verify", "HEAD^{commit}", check=False).returncode:
        raise ToolkitError(f"{top} has no commits yet", hint="commit something first: git add -A && git commit")
    if branch and _git(top, "rev-parse", "--quiet", "--verify", f"refs/heads/{branch}", check=False).returncode:
        branches = _git(top, "for-each-ref", "--format=%(refname:short)", "refs/heads").stdout.split()
        raise NotFoundError(f"{top} has no branch '{branch}'", hint=f"branches: {', '.join(branches)}")
    return Repository(
        source=str(top),
        name=_name(top.name),
        branch=branch or _git(top, "symbolic-ref", "--quiet", "--short", "HEAD", check=False).stdout.strip(),
        address=_bare(_setting(top, "remote.origin.url")),
        author=_setting(top, "user.name"),
        email=_setting(top, "user.email"),
        uncommitted=_uncommitted(top),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A clone that is ready to travel: `folder` holds `.git` only, its head is the session's branch."""

    folder: Path
    commit: str


def carry(repository: Repository, *, into: Path, session: str, branch: str) -> Carried:
    """Clone into `into`, put its head on the session's own branch, and have commits name the session."""
    _clone(repository, into)
    commit = _git(into, "rev-parse", "HEAD").stdout.strip()
    _git(into, "update-ref", f"refs/heads/{branch}", commit)
    _git(into, "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    if repository.address:
        _git(into, "remote", "set-url", "origin", repository.address)
    else:
        _git(into, "remote", "remove", "origin")
    for key, value in (("user.name", repository.author), ("user.email", repository.email)):
        if value:
            _git(into, "config", key, value)
    _write_trailer_hook(into, session)
    return Carried(folder=into, commit=commit)


def _clone(repository: Repository, into: Path) -> None:
    choice = ("--branch", repository.branch) if repository.branch else ()
    # --no-local: a transport that takes reachable objects only
    how = ("--quiet", "--no-local", "--no-checkout", "--single-branch")
    done = process.run(
        ("git", "clone", *how, *choice, "--", repository.source, str(into)),
        timeout=_CLONE_SECONDS,
        env=_SURROUNDINGS,
        check=False,
    )
    if done.returncode:
        shown = _bare(repository.source)
        lines = [line for line in done.stderr.replace(repository.source, shown).splitlines() if line.strip()]
        reason = next((line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")), " ".join(lines))
        raise ToolkitError(
            f"cannot clone {shown}: {reason}",
            hint="check the address, and that 'git clone' of it works here without asking for a password",
            code="clone",
        )


def _write_trailer_hook(clone: Path, session: str) -> None:
    hook = clone / ".git" / "hooks" / "prepare-commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_TRAILER_HOOK.format(trailer=TRAILER, session=session), encoding="utf-8")
    hook.chmod(0o755)


def _top(where: str) -> Path:
    folder = Path(where)
    if not folder.is_dir():
        raise NotFoundError(f"{where} is no folder", hint="--repo takes a checkout's folder or a git address")
    found = _git(folder, "rev-parse", "--show-toplevel", check=False)
    if found.returncode:
        reason = found.stderr.strip().removeprefix("fatal: ")
        raise ToolkitError(
            f"{folder.resolve()} is not a git repository: {reason}" if "dubious" in reason
            else f"{folder.resolve()} is not a git repository",
            hint="run this inside a checkout, or name one with --repo",
            code="not-a-repository",
        )  # fmt: skip
    return Path(found.stdout.rstrip("\n"))


def _uncommitted(top: Path) -> tuple[str, ...]:
    entries = _git(top, "status", "--porcelain", "-z", "--no-renames").stdout.split("\0")
    return tuple(entry[3:] for entry in entries if entry)


def _setting(top: Path, key: str) -> str:
    return _git(top, "config", "--get", key, check=False).stdout.strip()


def _git(folder: Path, *words: str, check: bool = True) -> process.Completed:
    argv: Sequence[str] = ("git", "-C", str(folder), *words)
    return process.run(argv, timeout=_QUICK_SECONDS, env=_SURROUNDINGS, check=check)


def _name(path: str) -> str:
    last = path.rstrip("/").rpartition("/")[2].removesuffix(".git")
    return _NOT_IN_A_NAME.sub("-", last).strip("-.") or "repository"


def _bare(address: str) -> str:
    """An address without password and query; for http(s) without the user name too, which may be a token."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    place = parts.netloc.rpartition("@")[2]
    user = parts.username or ""
    if user and parts.scheme not in {"http", "https"}:
        place = f"{user}@{place}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))
