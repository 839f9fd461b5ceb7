"""A session's branch checked out here, or nothing: what is changed is written down first, and undone from that.

The journal lies in the checkout's git folder. An exception undoes at once; after a kill the next homecoming does, by
`recover`. What is only added (objects, the remote-tracking branch) stays.
"""

from __future__ import annotations

import contextlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.git import asking
from toolkit.git.repository import uncommitted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_JOURNAL = "toolkit-teleport.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """How the checkout was: `head` a full ref or a commit, `commit` what it stood for, `branch_before` empty: absent.

    `target`: the commit that is checked out. `note`: marks our stash. `owner`: the process (`launcher.mark`).
    `upstream`: the branch's settings as they were. `stashing`, `moving`: how far it came.
    """

    owner: str
    head: str
    commit: str
    branch: str
    branch_before: str
    target: str
    note: str = ""
    stashing: bool = False
    moving: bool = False


def recover(top: Path, *, is_gone: Callable[[str], bool]) -> bool:
    """Undo what a homecoming that was killed left half done; returns whether there was one.

    Raises:
        ToolkitError: another one is at work here.
    """
    path = _path(top)
    try:
        journal = Journal(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return False
    except (ValueError, TypeError):
        path.unlink()  # never written whole, so nothing had begun
        return False
    if not is_gone(journal.owner):
        raise ToolkitError(f"another teleport is at work in {top}", hint="wait for its end")
    _undo(top, journal)
    return True


def look_for_obstacles(top: Path, branch: str, target: str) -> str:
    """Why `branch` can't be checked out at `target` here, in words; empty: it can."""
    before = _commit(top, f"refs/heads/{branch}")
    if before and not _is_ancestor(top, before, target):
        return (
            f"the local branch {branch} is at {before[:12]} and has commits that the session's does not: "
            f"rename it (git branch -m {branch} NEW), then try again"
        )
    other = _worktree_of(top, branch)
    if other and other.resolve() != top.resolve():
        return f"{branch} is checked out in the worktree {other}"
    in_the_way = [one for one in _added(top, "HEAD", target) if os.path.lexists(top / one)]
    ignored = [one for one in in_the_way if one in _ignored(top, in_the_way)]
    return f"ignored files here would be overwritten: {', '.join(ignored[:8])}" if ignored else ""


@dataclass(slots=True)
class Arrival:
    """Known when the block has ended. `stashed`: what to do by hand about changes that do not fit; empty: nothing."""

    stashed: str = ""


@contextmanager
def checked_out(top: Path, branch: str, target: str, *, upstream: str, stash: str, owner: str) -> Iterator[Arrival]:
    """`branch` at `target` with its upstream (`origin/…`, empty: none); undone when the block raises.

    `stash` is the message of the stash that takes uncommitted work; empty: there is none to take. It is brought back
    after the block, where it fits.
    """
    arrival = Arrival()
    journal = Journal(
        owner=owner,
        head=asking.git(top, "symbolic-ref", "--quiet", "HEAD", check=False).stdout.strip() or _commit(top, "HEAD"),
        commit=_commit(top, "HEAD"),
        branch=branch,
        branch_before=_commit(top, f"refs/heads/{branch}"),
        target=target,
        note=stash,
    )
    _write(top, journal)
    try:
        if stash:
            journal = _step(top, replace(journal, stashing=True))
            asking.git(top, "stash", "push", "--quiet", "--include-untracked", "-m", stash)
        journal = _step(top, replace(journal, moving=True))
        _move(top, journal)
        if upstream:
            asking.git(top, "branch", "--quiet", f"--set-upstream-to={upstream}", branch)
        yield arrival
        entry = _stash_entry(top, stash) if stash else ""
        arrival.stashed = _bring_back(top, entry, stash) if entry else ""
    except BaseException:
        _undo(top, journal)
        raise
    _path(top).unlink()
    if entry and not arrival.stashed:
        asking.git(top, "stash", "drop", "--quiet", entry)  # last: until here the journal would bring it back


def _move(top: Path, journal: Journal) -> None:
    if journal.head == f"refs/heads/{journal.branch}":
        done = asking.git(top, "merge", "--quiet", "--ff-only", "--no-overwrite-ignore", journal.target, check=False)
    else:
        asking.git(top, "update-ref", f"refs/heads/{journal.branch}", journal.target, journal.branch_before or "0" * 40)
        done = asking.git(top, "checkout", "--quiet", "--no-overwrite-ignore", journal.branch, "--", check=False)
    if done.returncode:
        raise ToolkitError(f"{journal.branch} cannot be checked out: {asking.reason(done)}", hint="nothing was changed")


def _bring_back(top: Path, entry: str, note: str) -> str:
    """The stash on top of what is checked out now; where it does not fit it stays, and the tree is as checked out."""
    done = asking.git(top, "stash", "apply", "--quiet", "--index", entry, check=False)
    if done.returncode:
        done = asking.git(top, "stash", "apply", "--quiet", entry, check=False)
    if done.returncode == 0:
        return ""
    asking.git(top, "reset", "--quiet", "--hard")
    _remove_added(top, [one for one in _untracked_in(top, entry) if _is_as_stashed(top, entry, one)])
    return f"your changes do not fit on this branch and stay stashed as '{note}': git stash apply '{entry}'"


def _undo(top: Path, journal: Journal) -> None:
    """Back to where the journal began, from wherever it was cut off."""
    if journal.moving:
        _unlock(top)
        _remove_added(top, _added(top, journal.commit, journal.target))
        if journal.head.startswith("refs/"):
            if journal.head == f"refs/heads/{journal.branch}":
                asking.git(top, "update-ref", journal.head, journal.commit)
            asking.git(top, "symbolic-ref", "HEAD", journal.head)
        else:
            asking.git(top, "update-ref", "--no-deref", "HEAD", journal.commit)
        asking.git(top, "reset", "--quiet", "--hard", journal.commit)
        _restore_branch(top, journal)
    if journal.stashing:
        _unlock(top)
    if journal.stashing and (entry := _stash_entry(top, journal.note)):
        asking.git(top, "reset", "--quiet", "--hard")
        _remove_added(top, [one for one in _untracked_in(top, entry) if _is_as_stashed(top, entry, one)])
        asking.git(top, "stash", "pop", "--quiet", "--index", entry)
    _path(top).unlink(missing_ok=True)


def _restore_branch(top: Path, journal: Journal) -> None:
    ref = f"refs/heads/{journal.branch}"
    if journal.head == ref:
        return
    if journal.branch_before:
        asking.git(top, "update-ref", ref, journal.branch_before)
    elif _commit(top, ref):
        asking.git(top, "update-ref", "-d", ref)
        asking.git(top, "config", "--remove-section", f"branch.{journal.branch}", check=False)


def _unlock(top: Path) -> None:
    """The lock of our own git, which was killed: the journal is ours, so nobody else was at work."""
    with contextlib.suppress(FileNotFoundError):
        _inside(top, "index.lock").unlink()


def _remove_added(top: Path, names: list[str]) -> None:
    """Files, and the folders that are empty without them."""
    for name in names:
        path = top / name
        if path.is_symlink() or path.is_file():
            path.unlink()
        with contextlib.suppress(OSError):
            for parent in path.parents:
                if parent == top:
                    break
                parent.rmdir()


def _added(top: Path, before: str, after: str) -> list[str]:
    words = ("diff", "--name-only", "--diff-filter=A", "--no-renames", "-z", before, after)
    return [one for one in asking.git(top, *words).stdout.split("\0") if one]


def _ignored(top: Path, names: list[str]) -> set[str]:
    if not names:
        return set()
    done = asking.git(top, "check-ignore", "-z", "--stdin", stdin="\0".join(names), check=False)
    return set(done.stdout.split("\0"))


def _untracked_in(top: Path, entry: str) -> list[str]:
    """What the stash holds of files that git did not know: its third parent's tree."""
    done = asking.git(top, "ls-tree", "-r", "-z", "--name-only", "--full-tree", f"{entry}^3", check=False)
    return [one for one in done.stdout.split("\0") if one] if done.returncode == 0 else []


def _is_as_stashed(top: Path, entry: str, name: str) -> bool:
    path = top / name
    if path.is_symlink() or not path.is_file():
        return path.is_symlink()
    here = asking.git(top, "hash-object", "--", name, check=False).stdout.strip()
    return bool(here) and here == asking.git(top, "rev-parse", f"{entry}^3:{name}", check=False).stdout.strip()


def _stash_entry(top: Path, note: str) -> str:
    """`stash@{n}` with our message; empty: none was made."""
    listed = asking.git(top, "stash", "list", "--format=%gd%x00%gs").stdout.splitlines()
    return next((line.partition("\0")[0] for line in listed if line.endswith(f": {note}")), "")


def _worktree_of(top: Path, branch: str) -> Path | None:
    listed = asking.git(top, "worktree", "list", "--porcelain").stdout.split("\n\n")
    for entry in listed:
        lines = entry.splitlines()
        if f"branch refs/heads/{branch}" in lines:
            return Path(lines[0].removeprefix("worktree "))
    return None


def _commit(top: Path, name: str) -> str:
    return asking.git(top, "rev-parse", "--quiet", "--verify", f"{name}^{{commit}}", check=False).stdout.strip()


def _is_ancestor(top: Path, old: str, new: str) -> bool:
    return asking.git(top, "merge-base", "--is-ancestor", old, new, check=False).returncode == 0


def _step(top: Path, journal: Journal) -> Journal:
    _write(top, journal)
    return journal


def _write(top: Path, journal: Journal) -> None:
    path = _path(top)
    staged = path.with_suffix(".new")
    staged.write_text(json.dumps(asdict(journal)), encoding="utf-8")
    staged.replace(path)


def _path(top: Path) -> Path:
    return _inside(top, _JOURNAL)


def _inside(top: Path, name: str) -> Path:
    """A file of this worktree's own git folder."""
    return top / asking.git(top, "rev-parse", "--git-path", name).stdout.rstrip("\n")


def changes(top: Path) -> tuple[str, ...]:
    """Uncommitted and untracked files here."""
    changed, untracked = uncommitted(top)
    return (*changed, *untracked)
