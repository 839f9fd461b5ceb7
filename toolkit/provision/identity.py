"""Whose an image is: a stack is known by where its state is, so two checkouts on one engine never share an image."""

from __future__ import annotations

import hashlib
import re

from toolkit.model.environment import SHOWN_DIGITS

_REGISTRY = "toolkit.local"  # no registry has this name: nothing is ever pulled or pushed by accident
_DIGEST_DIGITS = 8
_NAME_LENGTH = 24


def stack_key(*, backend: str, project: str, stack: str) -> str:
    """Such as `local-3f9a1c2b`: the label of the stack's images, and part of their names.

    `backend` is the address of Pulumi's state: several machines that work on one stack agree on the key.
    """
    short = stack.rpartition("/")[2]
    readable = re.sub(r"[^a-z0-9]+", "-", short.lower()).strip("-")[:_NAME_LENGTH].strip("-") or "stack"
    digest = hashlib.sha256(f"{backend}\n{project}\n{short}".encode()).hexdigest()
    return f"{readable}-{digest[:_DIGEST_DIGITS]}"


def image_reference(*, key: str, environment: str, build: str) -> str:
    """Such as `toolkit.local/local-3f9a1c2b/web-app:0d1e2f3a4b5c`.

    The build is the tag, so an image never changes under its name, and going back to an earlier build finds it there.
    """
    return f"{_REGISTRY}/{key}/{environment}:{build[:SHOWN_DIGITS]}"
