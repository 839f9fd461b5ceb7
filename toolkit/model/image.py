"""An environment's image: what it is made of, and what the engine or Pulumi says of it."""

from __future__ import annotations

from enum import StrEnum

from toolkit.record import Record


class ContextFile(Record):
    """A file of a build context: POSIX path relative to it, bytes, permission bits."""

    path: str
    content: bytes
    mode: int = 0o644


class BuildContext(Record):
    """Everything that an image is built from: the same declaration gives the same bytes anywhere.

    `build` is 64 hex digits over base, packages, certificates and runner (product terms); `recipe` says the same in
    words, for people.
    """

    environment: str
    base: str
    build: str
    files: tuple[ContextFile, ...]
    recipe: str = ""


class Image(Record):
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


class Sides(Record):
    """An environment's image as it is declared (build), recorded (digest) and in the engine (id); empty where not."""

    declared: str = ""
    recorded: str = ""
    engine: str = ""
    registry: str = ""


class Change(Record):
    """What Pulumi would do, or did, to one environment's resource, and why.

    `difference`: the recorded recipe and the declared one, line by line as `diff -u` has it.
    """

    environment: str
    resource: str
    action: Action
    reasons: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    sides: Sides | None = None


class BuiltImage(Record):
    """What `up` reports: image reference, digest (the local image id without a registry), build."""

    environment: str
    reference: str
    digest: str
    build: str


class StaleImage(Record):
    """An image of the stack that nothing asks for any more; `kind` is image, gateway or snapshot, `size` in bytes."""

    id: str
    names: tuple[str, ...]
    environment: str
    build: str
    kind: str
    size: int
