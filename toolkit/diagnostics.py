"""One value for every problem that a file can have."""

from __future__ import annotations

from enum import StrEnum

from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Diagnostic(Record):
    """A problem at its place.

    `path` is shown as given (relative to the root where possible), `line` and `column` count from 1; 0: no place in it,
    `pointer` is dotted (`network.allow.0`), `rule` a stable kebab-case id, `hint` may be empty.
    """

    path: str
    line: int
    column: int
    pointer: str
    rule: str
    message: str
    severity: Severity = Severity.ERROR
    hint: str = ""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        return (self.path, self.line, self.column, self.rule, self.message)

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}: " if self.line else f"{self.path}: "
        label = "warning: " if self.severity is Severity.WARNING else ""
        pointer = f"{self.pointer}: " if self.pointer else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{label}{pointer}{self.message}{hint}"


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(one.severity is Severity.ERROR for one in diagnostics)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`did you mean 'x'?` for the closest known word, or an empty string."""
    from difflib import get_close_matches  # quick commands rarely have anything to suggest

    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""
