"""Whose an image is: a stack is known by where its state is, so two checkouts on one engine never share an image."""

from __future__ import annotations

import os
import re

from toolkit.model.environment import SHOWN_DIGITS

try:  # as in toolkit/memory.py: hashlib loads OpenSSL, which takes half as long as starting Python
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # Python 3.12 and later
    from hashlib import sha256

_REGISTRY = "toolkit.local"  # no registry has this name: nothing is ever pulled or pushed by accident
_DIGEST_DIGITS = 8
_NAME_LENGTH = 40


def stack_key(*, backend: str, project: str, stack: str) -> str:
    """Such as `local-3f9a1c2b`: the label of the stack's images, and part of their names.

    `backend` is the address of Pulumi's state: several machines that work on one stack agree on the key.
    """
    short = stack.rpartition("/")[2]
    readable = re.sub(r"[^a-z0-9]+", "-", short.lower()).strip("-")[:_NAME_LENGTH].strip("-") or "stack"
    # a folder's name has the same bytes in any locale
    digest = sha256(os.fsencode(f"{backend}\n{project}\n{short}")).hexdigest()
    return f"{readable}-{digest[:_DIGEST_DIGITS]}"


def image_reference(*, key: str, environment: str, build: str, registry: str = "") -> str:
    """Such as `toolkit.local/local-3f9a1c2b/web-app:0d1e2f3a4b5c`.

    The build is the tag, so an image never changes under its name, and going back to an earlier build finds it there.
    In a registry the stack is left out: whoever declares the same build finds the image that is there.
    """
    return f"{registry or f'{_REGISTRY}/{key}'}/{environment}:{build[:SHOWN_DIGITS]}"
