"""What is wrong with a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a value, before it is known where the value stands."""

    rule: str
    message: str
    hint: str = ""
