"""A checkout that follows a branch of its remote, forward only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from pathlib import Path

_QUICK_SECONDS = 60.0
_FETCH_SECONDS = 600.0
_NEVER_ASK = {"GIT_TERMINAL_PROMPT": "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """`folder` lies in the checkout; `remote` and `branch` are followed."""

    folder: Path
    remote: str
    branch: str

    def head(self) -> str:
        """The commit that is checked out, 40 hex digits."""
        return self._git("rev-parse", "HEAD").stdout.strip()

    def fetch(self) -> str:
        """What the branch is at; raises ToolkitError in git's words."""
        done = self._git(
            "fetch", "--quiet", self.remote, f"refs/heads/{self.branch}", timeout=_FETCH_SECONDS, check=False
        )
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if line.strip()), "git fetch failed")
            raise ToolkitError(
                f"cannot fetch {self.branch} of {self.remote}: {said.removeprefix('fatal: ')}",
                hint="check the remote's address, and that 'git fetch' works here without asking",
                code="fetch",
            )
        return self._git("rev-parse", "FETCH_HEAD^{commit}").stdout.strip()

    def leads_to(self, commit: str) -> bool:
        """Whether the commit comes after what is checked out, or is it."""
        return self._git("merge-base", "--is-ancestor", "HEAD", commit, check=False).returncode == 0

    def local_changes(self) -> tuple[str, ...]:
        """Tracked files that are not as committed."""
        listed = self._git("status", "--porcelain", "-z", "--untracked-files=no", "--no-renames").stdout
        return tuple(one[3:] for one in listed.split("\0") if one)

    def forward(self, commit: str) -> None:
        self._git("merge", "--quiet", "--ff-only", commit)

    def back(self, commit: str) -> None:
        """To an earlier commit; local changes, which there were none, would stop it."""
        self._git("reset", "--quiet", "--keep", commit)

    def _git(self, *words: str, timeout: float = _QUICK_SECONDS, check: bool = True) -> process.Completed:
        return process.run(("git", "-C", str(self.folder), *words), timeout=timeout, env=_NEVER_ASK, check=check)


def following(folder: Path, *, remote: str, branch: str) -> Following:
    """`branch` empty: the one that is checked out. Raises ToolkitError where that is none, or there is no remote."""
    found = process.run(
        ("git", "-C", str(folder), "symbolic-ref", "--quiet", "--short", "HEAD"), timeout=_QUICK_SECONDS, check=False
    )
    chosen = branch or found.stdout.strip()
    if not chosen:
        raise ToolkitError(
            f"{folder} is on no branch", hint="check one out, or name it with --branch", code="no-branch"
        )
    known = process.run(("git", "-C", str(folder), "remote"), timeout=_QUICK_SECONDS, check=False)
    if known.returncode:
        raise ToolkitError(f"{folder} is not in a git repository", hint="reconcile works in a clone of your own")
    if remote not in known.stdout.split():
        raise ToolkitError(
            f"{folder} has no remote '{remote}'", hint=f"git remote add {remote} ADDRESS, or name one with --remote"
        )
    return Following(folder=folder, remote=remote, branch=chosen)
