"""A row of the table: what the product takes beside what a user would do by hand."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`goal` is the ratio that ours must not exceed; 0: no promise yet, only measured."""

    name: str
    yardstick: str
    goal: float
    ours: Callable[[], object]
    theirs: Callable[[], object]


def seconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def cells(row: Row, *, runs: int = RUNS) -> list[str]:
    """Measured in turns with its yardstick: name, yardstick, median ratio, spread, goal."""
    ratios = [seconds(row.ours) / seconds(row.theirs) for _ in range(runs)]
    goal = f"≤ {row.goal:g}" if row.goal else "–"
    spread = f"{min(ratios):.2f} … {max(ratios):.2f}"
    return [row.name, row.yardstick, f"{statistics.median(ratios):.2f}", spread, goal]
