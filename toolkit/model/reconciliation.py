"""What one round of `toolkit reconcile` came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.diagnostics import Diagnostic
    from toolkit.model.image import Change


class RoundState(StrEnum):
    """`applied` and `unchanged` are good; `refused`: the commit may not be applied; `failed`: it could not be."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def is_good(self) -> bool:
        return self in {RoundState.APPLIED, RoundState.UNCHANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """`commit`: what the branch is at; `applied`: what is in force now, 40 hex digits each. Times are RFC 3339, UTC."""

    state: RoundState
    branch: str
    commit: str
    applied: str
    message: str
    started: str
    finished: str
    problems: tuple[Diagnostic, ...] = ()
    changes: tuple[Change, ...] = ()
    pruned: int = 0
