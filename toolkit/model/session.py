"""A session as the engine and its runner record it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SessionState(StrEnum):
    PREPARING = "preparing"
    RUNNING = "running"
    IDLE = "idle"
    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"
    ARCHIVED = "archived"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One row of `tasks`. Times are RFC 3339 in UTC, empty when not reached; `exit_code` is the last turn's."""

    id: str
    environment: str
    revision: str
    state: SessionState
    exit_code: int | None
    branch: str
    task: str
    agent: str
    repository: str
    turns: int
    created: str
    started: str
    finished: str
    container: str
    reason: str = ""
