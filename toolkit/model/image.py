"""An environment's image: what it is made of, and what the engine or Pulumi says of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFile:
    """A file of a build context: POSIX path relative to it, bytes, permission bits."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildContext:
    """Everything that an image is built from: the same declaration gives the same bytes anywhere.

    `build` is 64 hex digits over base, packages, certificates and runner (product terms).
    """

    environment: str
    base: str
    build: str
    files: tuple[ContextFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image in the engine that carries our labels."""

    id: str
    environment: str
    build: str
    tags: tuple[str, ...]
    bootstrapped: bool = False


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What Pulumi would do, or did, to one environment's resource."""

    environment: str
    resource: str
    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """What `up` reports: image reference, digest (the local image id without a registry), build."""

    environment: str
    reference: str
    digest: str
    build: str
