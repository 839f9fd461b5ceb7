"""What is wrong with a value."""

from __future__ import annotations

from toolkit.record import Record


class Fault(Record):
    """What is wrong with a value, before it is known where the value stands."""

    rule: str
    message: str
    hint: str = ""
