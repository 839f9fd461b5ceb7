"""What the remote does not have, carried up as a git bundle: unpushed commits, uncommitted changes, or everything.

Three forms, the next where the one before is too large: all branches with the uncommitted changes of tracked files; the
current branch with them; one commit that holds the current tree. Untracked files never travel. The bundle is made in a
scratch repository that borrows the checkout's objects, so the checkout itself is only read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git import asking

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from toolkit.git.remote_refs import RemoteRefs
    from toolkit.git.repository import Repository
    from toolkit.process import Completed

LIMIT = 100 * 1024 * 1024
HEAD = "refs/toolkit/head"
UNCOMMITTED = "refs/toolkit/uncommitted"
_SHOWN = 5
_IDENTITY = {
    "GIT_AUTHOR_NAME": "toolkit",
    "GIT_AUTHOR_EMAIL": "toolkit@localhost",
    "GIT_COMMITTER_NAME": "toolkit",
    "GIT_COMMITTER_EMAIL": "toolkit@localhost",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a session begins with: `commit`, and the bundle where not all of it is at the remote.

    `uncommitted`: a commit whose tree is the working tree with its changes; empty: there are none. `default`: the
    branch that work begins at. `said` and `left`: sentences on what came along and on what stays here.
    """

    commit: str
    bundle: Path | None = None
    uncommitted: str = ""
    default: str = ""
    said: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """One way to carry: refs to put into the bundle, the commit to begin at, and what to say."""

    refs: dict[str, str]
    commit: str
    uncommitted: str
    said: str


def carry(repository: Repository, remote: RemoteRefs, *, into: Path, limit: int = LIMIT) -> Carried:
    """Find where the session begins; write `into`/carried.bundle where the remote does not have all of it.

    Raises:
        ToolkitError: the remote cannot be asked and there is no checkout, or nothing fits into the limit.
    """
    if repository.top is None:
        return _from_remote(repository, remote)
    packer = _Packer(repository, remote, into)
    left = _left(repository)
    if repository.remote and packer.is_at_remote() and not packer.uncommitted:
        return Carried(commit=packer.commit, default=repository.branch, left=left)
    for form in packer.forms():
        bundle = packer.pack(form, limit)
        if bundle is not None:
            return Carried(
                commit=form.commit,
                bundle=bundle,
                uncommitted=form.uncommitted,
                default=repository.branch,
                said=(form.said,),
                left=left,
            )
    raise ToolkitError(
        f"what the remote does not have of {repository.top} is larger than {limit // 1024 // 1024} MB in every form",
        hint="push it first, so that the session can fetch it from there",
        code="bundle",
    )


def _from_remote(repository: Repository, remote: RemoteRefs) -> Carried:
    if remote.failure:
        raise ToolkitError(
            f"cannot clone {repository.address}: {remote.failure}",
            hint="check the address, and that 'git clone' of it works here without asking for a password",
            code="clone",
        )
    branch = repository.branch or remote.default
    commit = remote.refs.get(f"refs/heads/{branch}" if branch else "HEAD", "")
    if not commit and repository.branch:
        names = sorted(one.removeprefix("refs/heads/") for one in remote.refs if one.startswith("refs/heads/"))
        raise NotFoundError(f"{repository.address} has no branch '{branch}'", hint=f"branches: {', '.join(names)}")
    if not commit:
        raise ToolkitError(
            f"cannot clone {repository.address}: it has no commits yet", hint="push something first", code="clone"
        )
    return Carried(commit=commit, default=branch)


class _Packer:
    """A scratch repository beside the checkout, and what of the checkout the remote lacks."""

    def __init__(self, repository: Repository, remote: RemoteRefs, into: Path) -> None:
        assert repository.top is not None
        self._repository, self._top, self._into = repository, repository.top, into
        self._scratch = into / "scratch.git"
        self._make_scratch()
        self._failure = remote.failure
        self._have = self._present(remote.refs.values())
        where = f"refs/heads/{repository.branch}" if repository.branch else "HEAD"
        self.commit = asking.git(self._top, "rev-parse", f"{where}^{{commit}}").stdout.strip()
        self.uncommitted = self._stash() if repository.changed and repository.is_current else ""

    def is_at_remote(self) -> bool:
        return bool(self._have) and not self._count(self.commit)

    def forms(self) -> Iterator[_Form]:
        is_shallow = (self._scratch / "shallow").exists()
        if not is_shallow or self._have:
            yield self._form(self._branches(), "all branches")
            current = self._repository.branch
            yield self._form({f"refs/heads/{current}": self.commit} if current else {}, f"branch {current or 'HEAD'}")
        yield self._squashed("the checkout is shallow" if is_shallow and not self._have else "its history is too large")

    def pack(self, form: _Form, limit: int) -> Path | None:
        """The bundle; None where it would be larger than `limit` bytes."""
        if self._weight(form) > 2 * limit:
            return None
        for ref, identity in form.refs.items():
            self._git("update-ref", ref, identity)
        bundle = self._into / "carried.bundle"
        words = ("bundle", "create", "--quiet", str(bundle), "--stdin")
        stdin = "".join(f"{one}\n" for one in (*form.refs, *(f"^{one}" for one in self._have)))
        done = self._git(*words, stdin=stdin, check=False, timeout=asking.TRANSFER_SECONDS)
        for ref in form.refs:
            self._git("update-ref", "-d", ref)
        if done.returncode:
            raise ToolkitError(
                f"{self._top} cannot be carried up: {asking.reason(done)}",
                hint="'git fsck' there says more; pushing first makes carrying needless",
                code="bundle",
            )
        return bundle if bundle.stat().st_size <= limit else None

    def _form(self, branches: dict[str, str], called: str) -> _Form:
        refs = {**branches, HEAD: self.commit, **({UNCOMMITTED: self.uncommitted} if self.uncommitted else {})}
        return _Form(
            refs=refs, commit=self.commit, uncommitted=self.uncommitted, said=f"carried from here: {self._what(called)}"
        )

    def _squashed(self, why: str) -> _Form:
        base = self._git("merge-base", self.commit, *self._have, check=False).stdout.strip() if self._have else ""
        commit = self._commit(f"{self.commit}^{{tree}}", base, f"State of {self.commit}")
        uncommitted = self._commit(f"{self.uncommitted}^{{tree}}", commit, "Uncommitted") if self.uncommitted else ""
        return _Form(
            refs={HEAD: commit, **({UNCOMMITTED: uncommitted} if uncommitted else {})},
            commit=commit,
            uncommitted=uncommitted,
            said=f"carried from here: the files of {self.commit[:12]} as one commit without history, since {why}"
            + self._changes(),
        )

    def _what(self, called: str) -> str:
        if not self._repository.remote:
            return f"{called}{self._changes()} (there is no remote)"
        if self._failure:
            return f"{called}{self._changes()} (nothing can be had from the remote: {self._failure})"
        count = self._count(self.commit)
        commits = f"{count} unpushed commit{'s' if count != 1 else ''} of {self._repository.branch or 'HEAD'}"
        return (commits if count else "") + self._changes().removeprefix("" if count else ", ")

    def _changes(self) -> str:
        return f", uncommitted changes in {_listed(self._repository.changed)}" if self.uncommitted else ""

    def _make_scratch(self) -> None:
        asking.git(None, "init", "--quiet", "--bare", "--template=", str(self._scratch))
        inside = asking.git(self._top, "rev-parse", "--git-path", "objects", "--git-path", "shallow").stdout.split("\n")
        objects, shallow = (self._top / one for one in inside[:2])
        (self._scratch / "objects" / "info" / "alternates").write_text(f"{objects.resolve()}\n")
        if shallow.exists():
            (self._scratch / "shallow").write_bytes(shallow.read_bytes())

    def _stash(self) -> str:
        """The working tree's tracked files as a commit, its objects in the scratch; empty where git can't make one."""
        variables = {**_IDENTITY, "GIT_OBJECT_DIRECTORY": str((self._scratch / "objects").resolve())}
        real = (self._scratch / "objects" / "info" / "alternates").read_text().strip()
        variables["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = real
        return asking.git(self._top, "stash", "create", check=False, variables=variables).stdout.strip()

    def _branches(self) -> dict[str, str]:
        listed = asking.git(self._top, "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads").stdout
        return dict(line.split(" ") for line in listed.splitlines())

    def _present(self, identities: Iterable[str]) -> tuple[str, ...]:
        """Those of the remote's objects that are here, commits alone."""
        names = "\n".join(sorted(set(identities)))
        found = self._git("cat-file", "--batch-check", stdin=names).stdout.splitlines() if names else []
        return tuple(line.split(" ")[0] for line in found if " commit " in line)

    def _count(self, commit: str) -> int:
        """How many commits lead to it that the remote does not have."""
        stdin = "".join(f"{one}\n" for one in (commit, *(f"^{one}" for one in self._have)))
        return int(self._git("rev-list", "--count", "--stdin", stdin=stdin).stdout)

    def _weight(self, form: _Form) -> int:
        """About how many bytes it would be, by what the objects take on disk now."""
        stdin = "".join(f"{one}\n" for one in (*form.refs.values(), *(f"^{one}" for one in self._have)))
        words = ("rev-list", "--objects", "--disk-usage", "--stdin")
        done = self._git(*words, stdin=stdin, check=False, timeout=asking.TRANSFER_SECONDS)
        return int(done.stdout) if done.returncode == 0 else 0

    def _commit(self, tree: str, parent: str, message: str) -> str:
        parents = ("-p", parent) if parent else ()
        return self._git("commit-tree", tree, *parents, "-m", message, variables=_IDENTITY).stdout.strip()

    def _git(
        self,
        *words: str,
        check: bool = True,
        stdin: str | None = None,
        variables: Mapping[str, str] | None = None,
        timeout: float = asking.QUICK_SECONDS,
    ) -> Completed:
        return asking.git(self._scratch, *words, check=check, stdin=stdin, variables=variables, timeout=timeout)


def _left(repository: Repository) -> tuple[str, ...]:
    found = []
    if repository.untracked:
        found.append(f"stays here: untracked {_listed(repository.untracked)}")
    if repository.changed and not repository.is_current:
        found.append(f"stays here: uncommitted changes in {_listed(repository.changed)}, which are not of this branch")
    return tuple(found)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
