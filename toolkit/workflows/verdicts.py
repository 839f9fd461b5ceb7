"""How a look at one promise ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


def verdict(wrong: Sequence[str], good: str) -> tuple[Verdict, str]:
    """Failed with all that is wrong, or passed with what was seen."""
    return (Verdict.FAIL, "; ".join(wrong)) if wrong else (Verdict.PASS, good)
