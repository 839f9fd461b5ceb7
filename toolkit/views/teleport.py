"""A session that came home, its changes, its pull request: as text or JSON."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.homecoming import Homecoming
    from toolkit.model.session_changes import PullRequest, SessionChanges


def show_homecoming(console: Console, home: Homecoming) -> None:
    if console.as_json:
        keys = ("session", "branch", "commit", "commits", "upstream", "stashed", "resume")
        fields = {key: getattr(home, key) for key in keys}
        console.document({**fields, "transcript": str(home.transcript)})
        return
    plural = "" if home.commits == 1 else "s"
    console.line(f"{home.branch} at {home.commit[:12]}, {home.commits} commit{plural} of the session")
    console.line(f"transcript {_near(home.transcript)}")
    if home.stashed:
        console.warn(home.stashed)
    if home.resume:
        console.note(f"  go on with the conversation  {home.resume}")
    if home.upstream:
        console.note("  push your own work on it     git push")
    console.note(f"  no longer needed             toolkit rm {home.session}")


def show_changes(console: Console, changes: SessionChanges) -> None:
    """The patch as git prints it, on stdout."""
    if console.as_json:
        files = [{"path": one.path, "added": one.added, "removed": one.removed} for one in changes.files]
        console.document(
            {
                "session": changes.session,
                "base": changes.base,
                "commit": changes.commit,
                "complete": changes.is_complete,
                "files": files,
                "patch": changes.patch,
            }
        )
        return
    sys.stdout.write(changes.patch)
    if not changes.is_complete:
        console.note(f"{changes.session} does not run: what it has not committed is not shown")


def show_pull_request(console: Console, request: PullRequest, *, opened: str = "") -> None:
    """Where it can be opened, or where it is since it was."""
    if console.as_json:
        keys = ("session", "repository", "branch", "base", "title", "body", "url")
        console.document({**{key: getattr(request, key) for key in keys}, "opened": opened})
        return
    console.line(opened or request.url)


def _near(path: Path) -> str:
    relative = os.path.relpath(path, Path.cwd())
    return str(path) if relative.startswith("..") else relative
