"""The cache that sessions of an environment start from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`key` 64 hex digits; `created` RFC 3339; `image` an image id.

    `stack` is the key of the stack whose image it stands on. One without a `name` has been forgotten: it is there only
    for the sessions that use it.
    """

    key: str
    environment: str
    stack: str
    build: str
    image: str
    name: str
    created: str
    size: int

    def is_older_than(self, seconds: float, *, now: dt.datetime | None = None) -> bool:
        """Whether it has reached its age; one whose age cannot be read has."""
        try:
            made = dt.datetime.fromisoformat(self.created)
        except ValueError:
            return True
        return ((now or dt.datetime.now(dt.UTC)) - made).total_seconds() >= seconds
