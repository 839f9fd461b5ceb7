"""What `setup` and `doctor` list: one line a check, or the checks of one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.check import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.check import Check

_MARKS = {Status.OK: "✓", Status.WARN: "!", Status.FAIL: "✗"}


def show_check(console: Console, check: Check) -> None:
    """Its mark, name and detail on stdout, and beneath what mends it; nothing under --json."""
    if console.as_json:
        return
    console.line(f"{_MARKS[check.status]} {check.name}: {check.detail}")
    if check.fix:
        console.line(f"    → {check.fix}")


def show_document(console: Console, checks: Sequence[Check]) -> None:
    """The JSON document; nothing without --json."""
    if console.as_json:
        console.document({"checks": [check_fields(one) for one in checks]})


def check_fields(check: Check) -> dict[str, object]:
    return {"name": check.name, "status": check.status.value, "detail": check.detail, "fix": check.fix}
