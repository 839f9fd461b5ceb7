"""git on this host, with the user's own configuration and credentials, and without asking anybody anything."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from toolkit import process

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

QUICK_SECONDS = 60.0
TRANSFER_SECONDS = 3600.0


def surroundings() -> dict[str, str]:
    """Variables for a git that must not wait for a person; ssh would ask on the terminal by itself."""
    found = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    if not os.environ.get("GIT_SSH_COMMAND") and not os.environ.get("GIT_SSH"):
        found["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes -o ConnectTimeout=20"
    return found


def git(
    folder: Path | None,
    *words: str,
    check: bool = True,
    stdin: str | None = None,
    variables: Mapping[str, str] | None = None,
    timeout: float = QUICK_SECONDS,
) -> process.Completed:
    """Run it in `folder`, or nowhere in particular."""
    place = () if folder is None else ("-C", str(folder))
    return process.run(
        ("git", *place, *words),
        timeout=timeout,
        env={**surroundings(), **(variables or {})},
        stdin=None if stdin is None else stdin.encode(errors="surrogateescape"),
        check=check,
    )


def reason(done: process.Completed) -> str:
    """What a failed git said, on one line."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    fatal = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or ["git gave no reason"])[0]
