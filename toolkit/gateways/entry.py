"""The two gateways of a session, one image: `egress` is its way out, `git` its way to the repository."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROLES = {"egress": "egress", "git": "git", "pre-receive": "pre_receive"}


def main(argv: Sequence[str]) -> int:
    """`egress FOLDER`, `git FOLDER`, and the latter's hook `pre-receive FOLDER`; the folder holds the order."""
    if len(argv) != 2 or argv[0] not in _ROLES:
        sys.stderr.write(f"usage: {'|'.join(_ROLES)} FOLDER\n")
        return 2
    role = import_module(f"gateways.{_ROLES[argv[0]]}")
    return int(role.main(argv[1]))
