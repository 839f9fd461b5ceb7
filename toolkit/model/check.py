"""A verdict on one thing that must be so: what `doctor`, `setup` and `verify` list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`fix` is the command or sentence that mends it; empty when nothing is to be done."""

    name: str
    status: Status
    detail: str
    fix: str = ""
