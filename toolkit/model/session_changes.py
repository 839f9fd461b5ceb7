"""What a session changed, and the pull request that it could become."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """`added` and `removed` lines; None for a binary file."""

    path: str
    added: int | None
    removed: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChanges:
    """From `base` on, with what is not committed where `is_complete`."""

    session: str
    base: str
    commit: str
    patch: str
    files: tuple[ChangedFile, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """`repository`: `owner/name` on `host`. `url`: a page where it can be opened, its fields filled in."""

    session: str
    host: str
    repository: str
    branch: str
    base: str
    title: str
    body: str
    url: str
