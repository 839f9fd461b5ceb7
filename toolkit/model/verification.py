"""What `toolkit verify` found of an environment's promises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 -- a word, not one
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One promise of the declaration; `detail` says what was seen, or why it was not looked at.

    `seconds`: how long looking took; promises are looked at side by side.
    """

    name: str
    status: Verdict
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    environment: str
    checks: tuple[Proof, ...]

    @property
    def passed(self) -> bool:
        """Nothing failed; what was skipped is told, and does not count."""
        return all(one.status is not Verdict.FAIL for one in self.checks)
