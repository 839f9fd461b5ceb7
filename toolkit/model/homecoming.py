"""What teleport did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Homecoming:
    """`upstream`: such as origin/session/…, empty where there is no remote. `commits`: those that the session made.

    `stashed`: what to do by hand about changes that did not fit; `resume`: the command that goes on with the agent's
    conversation; both may be empty.
    """

    session: str
    branch: str
    commit: str
    commits: int
    upstream: str
    transcript: Path
    stashed: str = ""
    resume: str = ""
