"""The real remote as the git gateway sees it: what it has is fetched into the shared mirror, what it takes is pushed.

The mirror is a bare repository that all sessions of one remote share, objects and refs as the remote has them. Nothing
is ever deleted from it while it exists, since sessions borrow its objects. The gateway's own repository borrows them
too, and holds the refs that the session sees: the remote's own, read with this session's credential.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ASK_SECONDS = 120
_MOVE_SECONDS = 3600
_PUSH_SECONDS = 900
_LOCAL_SECONDS = 600
_BRANCHES = ("refs/heads/", "refs/tags/")
_LINE = re.compile(r"^(ref: )?(\S+)\t(\S+)$")
_OUR_LOCK = "toolkit.lock"
_PASSWORD = re.compile(r"(://)[^/@\s]+@")


class UpstreamError(Exception):
    """The remote, or git, did not do what was asked; the text says why and holds no credential."""


class Listing(NamedTuple):
    """`refs`: name → object id; `symbolic`: name → the ref that it stands for, HEAD among them."""

    refs: Mapping[str, str]
    symbolic: Mapping[str, str]


class Upstream:
    """`url` empty: there is none, and the gateway's own repository is where pushes end. `shown`: how to call it."""

    def __init__(self, *, url: str, shown: str, bare: str, mirror: str) -> None:
        self._url, self._shown = url, shown
        self._bare, self._mirror = bare, mirror

    @classmethod
    def of(cls, order: Mapping[str, Any], folder: str) -> Upstream:
        return cls(url=order["upstream"], shown=order["shown"], bare=f"{folder}/repository.git", mirror=order["mirror"])

    @property
    def exists(self) -> bool:
        return bool(self._url)

    def refresh(self) -> None:
        """Make the gateway's refs those of the remote.

        Raises:
            UpstreamError: it does not answer, or refuses.
        """
        if not self._url:
            return
        listing = self._ask()
        if self._missing(listing):
            with locked(self._mirror):
                if self._missing(listing):
                    forget_locks(self._mirror)
                    self._fetch()
        self._take_over(listing)

    def push(self, updates: Sequence[tuple[str, str, str]]) -> str:
        """Send (old, new, ref) on, each only if the remote's ref is still `old`; returns what the remote said.

        Runs inside a hook, with the new objects still in quarantine.

        Raises:
            UpstreamError: the remote refused, or could not be asked; nothing of it counts then.
        """
        words = ["push", "--porcelain", "--no-verify"]
        if len(updates) > 1:
            words.append("--atomic")
        for old, _new, ref in updates:
            words.append(f"--force-with-lease={ref}:{old if old.strip('0') else ''}")
        words += [self._url, *(f"{new}:{ref}" for _old, new, ref in updates)]
        # A remote on a local path would take the quarantine for its own and refuse to update refs in it.
        environment = {name: value for name, value in os.environ.items() if name != "GIT_QUARANTINE_PATH"}
        done = _run(("git", *words), seconds=_PUSH_SECONDS, environment=environment)
        said = _remarks(done.stderr)
        if done.returncode:
            raise UpstreamError(self._push_failure(done, said))
        return "\n".join(said)

    def _push_failure(self, done: subprocess.CompletedProcess[str], said: Sequence[str]) -> str:
        rejected = [line.split("\t") for line in done.stdout.splitlines() if line.startswith("!\t")]
        if not rejected:
            return f"{self._shown} cannot be reached: {_reason(done.stderr)}"
        reasons = [f"{one[1].rpartition(':')[2]}: {one[2]}" for one in rejected]
        if any("stale info" in one[2] for one in rejected):
            reasons.append("it has moved there meanwhile: git fetch, merge or rebase, and push again")
        return "; ".join([f"{self._shown} refused it", *reasons, *said])

    def _ask(self) -> Listing:
        done = _run(("git", "ls-remote", "--symref", self._url), seconds=_ASK_SECONDS)
        if done.returncode:
            raise UpstreamError(f"{self._shown} cannot be reached: {_reason(done.stderr)}")
        return parse_listing(done.stdout)

    def _missing(self, listing: Listing) -> bool:
        """Whether the mirror lacks any object that a ref of the remote names."""
        names = "\n".join(sorted(set(listing.refs.values())))
        done = _run(
            ("git", "-C", self._mirror, "cat-file", "--batch-check=%(objecttype)"), seconds=_LOCAL_SECONDS, stdin=names
        )
        return "missing" in done.stdout

    def _fetch(self) -> None:
        how = ("--quiet", "--prune", "--no-auto-maintenance", "--no-write-fetch-head", "--no-tags")
        refspecs = [f"+{one}*:{one}*" for one in _BRANCHES]
        done = _run(("git", "-C", self._mirror, "fetch", *how, self._url, *refspecs), seconds=_MOVE_SECONDS)
        if done.returncode:
            raise UpstreamError(f"{self._shown} cannot be fetched: {_reason(done.stderr)}")

    def _take_over(self, listing: Listing) -> None:
        """The gateway's branches and tags become those of the listing, as far as their objects are there."""
        own = _git(self._bare, "for-each-ref", "--format=%(refname) %(objectname) %(symref)", *_BRANCHES)
        before = {line.split(" ")[0]: line.split(" ")[1:] for line in own.splitlines()}
        present = self._present(set(listing.refs.values()))
        orders = [
            f"update {ref} {identity}\n"
            for ref, identity in listing.refs.items()
            if identity in present and ref not in listing.symbolic and before.get(ref, [""])[0] != identity
        ]
        gone = [f"delete {ref}\n" for ref in before if ref not in listing.refs]
        for some in (gone, orders):  # one after the other: a branch may become the folder of others
            if some:
                text = "".join(f"option no-deref\n{one}" for one in some)
                _git(self._bare, "update-ref", "--stdin", stdin=text)
        for ref, target in listing.symbolic.items():
            if ref == "HEAD" or before.get(ref, ["", ""])[1] != target:
                _git(self._bare, "symbolic-ref", ref, target)

    def _present(self, identities: set[str]) -> set[str]:
        found = _git(
            self._bare, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin="\n".join(sorted(identities))
        )
        return {line.split(" ")[0] for line in found.splitlines() if not line.endswith(" missing")}


def parse_listing(text: str) -> Listing:
    """What `git ls-remote --symref` prints, its branches and tags and HEAD; peeled tags are left out."""
    refs: dict[str, str] = {}
    symbolic: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None or match[3].endswith("^{}"):
            continue
        if match[1]:
            if match[3] == "HEAD" or match[3].startswith(_BRANCHES):
                symbolic[match[3]] = match[2]
        elif match[3].startswith(_BRANCHES):
            refs[match[3]] = match[2]
    return Listing(refs=refs, symbolic=symbolic)


@contextmanager
def locked(mirror: str) -> Iterator[None]:
    """One gateway at a time writes to the mirror; the lock ends with its process."""
    with open(f"{mirror}/{_OUR_LOCK}", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget_locks(bare: str) -> None:
    """Remove git's own locks, of whom nobody is left: its programs were killed at work. Nobody else may be at work."""
    for name in os.listdir(bare):
        if name.endswith(".lock") and name != _OUR_LOCK:
            os.unlink(f"{bare}/{name}")
    for folder, _folders, names in os.walk(f"{bare}/refs"):
        for name in names:
            if name.endswith(".lock"):  # no ref may be called so
                os.unlink(f"{folder}/{name}")


def _git(folder: str, *words: str, stdin: str = "") -> str:
    done = _run(("git", "-C", folder, *words), seconds=_LOCAL_SECONDS, stdin=stdin)
    if done.returncode:
        raise UpstreamError(f"git {words[0]} failed: {_reason(done.stderr)}")
    return done.stdout


def _run(
    argv: Sequence[str], *, seconds: float, stdin: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=seconds,
            env=None if environment is None else dict(environment),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UpstreamError(f"git {argv[1]} did not end within {seconds} s") from error


def _reason(text: str) -> str:
    """git's own words on one line, without what it says to everybody and without a credential."""
    idle = ("Please make sure you have the correct access rights", "and the repository exists.", "")
    lines = [line.strip() for line in text.splitlines() if line.strip() not in idle]
    shown = "; ".join(line.removeprefix("fatal: ") for line in lines)
    return _PASSWORD.sub(r"\1", shown) or "git gave no reason"


def _remarks(text: str) -> list[str]:
    """What the remote itself said."""
    lines = [line[len("remote:") :].strip() for line in text.splitlines() if line.startswith("remote:")]
    return [line for line in lines if line]
