"""What a declaration takes from the host, as a person is asked about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """A file of the repository that a command names: its path in the repository, and the SHA-256 of its bytes."""

    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One secret: where on the host its value comes from, and to whom it is sent.

    Exactly one of `env`, `file` and `command` is set, as declared. `real_file` is the file with `~` and links
    resolved; `own_files` are those that `command` would run from the repository itself.
    """

    name: str
    env: str = ""
    file: str = ""
    real_file: str = ""
    command: tuple[str, ...] = ()
    own_files: tuple[OwnFile, ...] = ()
    hosts: tuple[str, ...]
    header: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """All that one environment takes; `digest` (64 hex digits, empty where nothing is taken) is what gets approved."""

    environment: str
    path: str
    takes: tuple[Taken, ...]
    digest: str
    approved: bool
