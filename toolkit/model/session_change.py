"""What happens in the list of sessions while somebody watches it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.model.session import Session


class ChangeKind(StrEnum):
    """`left`: it is there, but in a state that was not asked for; `removed`: there is no such session any more."""

    ADDED = "added"
    CHANGED = "changed"
    LEFT = "left"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """`session` as it is now; as it was last, where it was removed."""

    kind: ChangeKind
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The whole list, the newest first, and how it differs from the frame before; the first: from no list at all."""

    sessions: tuple[Session, ...]
    changes: tuple[SessionChange, ...]
