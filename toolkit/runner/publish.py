"""Committed work goes to the session's branch at the remote before the session rests or ends: a disk may be lost.

Only the session's own branch is pushed, never by force. What could not be pushed stays on the disk and is named.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOCAL_SECONDS = 60
_SHOWN = 10
_UNREACHED = ("Failed to connect", "Couldn't connect", "Could not connect", "Connection refused", "No route to host")


class Published(NamedTuple):
    """`pushed`: the commit that went out just now, else empty. `failure`: why it did not. `commit`: the branch's tip.

    `unpushed`: branches with commits that are nowhere else. `uncommitted`: changed and untracked files.
    """

    pushed: str = ""
    failure: str = ""
    commit: str = ""
    unpushed: tuple[str, ...] = ()
    uncommitted: int = 0

    def fields(self) -> dict[str, object]:
        """What the state file says of it."""
        return {
            "commit": self.commit,
            "unpushed": list(self.unpushed[:_SHOWN]),
            "uncommitted": self.uncommitted,
        }


def publish(project_dir: str, order: Mapping[str, str], *, seconds: float) -> Published:
    """Push the session's branch where it has moved, in at most `seconds`; then look at what exists only here."""
    branch, start = order["branch"], order["start"]
    commit = _read(project_dir, "rev-parse", "--quiet", "--verify", f"refs/heads/{branch}^{{commit}}")
    there = _read(project_dir, "rev-parse", "--quiet", "--verify", f"refs/remotes/origin/{branch}")
    failure = ""
    moved = commit and commit not in {start if not there else "", there}
    if moved:
        failure = _push(project_dir, branch, seconds)
    return Published(
        pushed=commit if moved and not failure else "",
        failure=failure,
        commit=commit,
        unpushed=_unpushed(project_dir, start),
        uncommitted=len(_read(project_dir, "status", "--porcelain").splitlines()),
    )


def tell(found: Published, say: Callable[..., None]) -> None:
    """The transcript's events."""
    if found.pushed:
        say("pushed", commit=found.pushed)
    elif found.failure:
        say("not-pushed", commit=found.commit, reason=found.failure)


def _push(project_dir: str, branch: str, seconds: float) -> str:
    """Why it failed; empty when it worked. Without the repository's own hook: this is a rescue, not a review."""
    ref = f"refs/heads/{branch}"
    done = _git(project_dir, "push", "--quiet", "--no-verify", "origin", f"{ref}:{ref}", seconds=seconds)
    if done is None:
        return f"the push did not end within {seconds:g} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.splitlines()
    own = " ".join(line for line in lines if not line.startswith("remote:"))  # what git says, not what it was told
    lines = [line.removeprefix("remote:").strip() for line in lines]
    ours = [line.partition("refused: ")[2] for line in lines if line.startswith("toolkit: refused: ")]
    if not ours and any(one in own for one in _UNREACHED):
        return "the session's git gateway does not answer; stopping and resuming the session starts it again"
    return "; ".join(ours) or " ".join(lines) or f"git push ended with exit code {done.returncode}"


def _unpushed(project_dir: str, start: str) -> tuple[str, ...]:
    listed = _read(project_dir, "for-each-ref", "--format=%(refname:short)", "refs/heads")
    return tuple(
        name
        for name in listed.splitlines()
        if _read(project_dir, "rev-list", "--max-count=1", f"refs/heads/{name}", "--not", start, "--remotes")
    )


def _read(project_dir: str, *words: str) -> str:
    done = _git(project_dir, *words, seconds=_LOCAL_SECONDS)
    return done.stdout.strip() if done is not None and done.returncode == 0 else ""


def _git(project_dir: str, *words: str, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """None where it did not end in time, or could not start."""
    try:
        return subprocess.run(
            ("git", "-C", project_dir, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
            timeout=seconds,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
