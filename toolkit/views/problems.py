"""Diagnostics as JSON fields (`problems[…]` of the documents)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.diagnostics import Diagnostic


def problem_fields(one: Diagnostic) -> dict[str, object]:
    return {
        "path": one.path,
        "line": one.line,
        "column": one.column,
        "pointer": one.pointer,
        "rule": one.rule,
        "severity": one.severity.value,
        "message": one.message,
        "hint": one.hint,
    }
