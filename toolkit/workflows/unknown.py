"""What is said of an environment that there is not: by every verb the same."""

from __future__ import annotations

from toolkit.diagnostics import did_you_mean
from toolkit.errors import NotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def unknown_environment(name: str, known: Sequence[str]) -> NotFoundError:
    listed = f"environments: {', '.join(known)}" if known else "there is none yet: toolkit env new NAME makes one"
    return NotFoundError(f"environment '{name}' does not exist", hint=f"{did_you_mean(name, known)} {listed}".strip())
