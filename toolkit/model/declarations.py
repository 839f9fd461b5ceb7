"""What the commands on declarations find out, as their views show it."""

from __future__ import annotations

from enum import StrEnum

from toolkit.diagnostics import Severity
from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.diagnostics import Diagnostic
    from toolkit.model.environment import EnvironmentSpec


STANDARD_INPUT = "-"
"""The path of what no file holds."""


class Validation(Record):
    """The files that were read, and their problems sorted by path and place.

    `folder` is the one that the paths start from, as its repository names it (`.`: the repository).
    """

    files: tuple[str, ...]
    problems: tuple[Diagnostic, ...]
    folder: str = "."

    def count(self, severity: Severity) -> int:
        return sum(one.severity is severity for one in self.problems)

    def passes(self, *, strict: bool) -> bool:
        return self.count(Severity.ERROR) == 0 and not (strict and self.problems)


class Shown(Record):
    """The effective declaration in the words of a declaration; `origins`: dotted pointer → `path:line:column`."""

    spec: EnvironmentSpec
    environment: Mapping[str, object]
    origins: Mapping[str, str]
    build: str
    warnings: tuple[Diagnostic, ...] = ()


class Edited(Record):
    """One declaration after an edit; `changed` is False where nothing had to be written."""

    name: str
    path: str
    archived: bool = False
    changed: bool = True


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Effect(StrEnum):
    """What a change leads to, in the order in which they are listed."""

    NETWORK_WIDENED = "network-widened"
    NETWORK_NARROWED = "network-narrowed"
    IMAGE_REBUILT = "image-rebuilt"
    SNAPSHOT_REBUILT = "snapshot-rebuilt"
    NEXT_SESSION = "next-session"


class Difference(Record):
    """One difference. An item of a list that came has no `before`, one that went no `after`.

    For a whole environment the pointer is empty, and the values are revisions.
    """

    environment: str
    kind: Kind
    pointer: str = ""
    before: object = None
    after: object = None
    effects: tuple[Effect, ...] = ()


class Comparison(Record):
    """`differences` by environment; `unreadable` names those whose file of the past does not pass its checks."""

    revision: str
    differences: tuple[Difference, ...]
    unreadable: tuple[str, ...] = ()
