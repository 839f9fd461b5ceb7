"""Whose sessions these are: a name that teleport compares."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from toolkit import settings

if TYPE_CHECKING:
    from pathlib import Path


def of(root: Path | None) -> str:
    """`remote.account` of the user's or the managed settings, else the login name of this machine."""
    stated = settings.load(root).remote.account if root is not None else None
    return stated or getpass.getuser()
