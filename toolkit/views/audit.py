"""What `audit` shows: a table of decisions, or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toolkit.console import Console
    from toolkit.model.audit import AuditEntry, AuditTrail

_MANY_SILENT = 100  # clients open some in reserve; this many is pressure
_COLUMNS = ("TIME", "DECISION", "METHOD", "HOST", "PORT", "RULE", "IN", "OUT")


def show_trail(console: Console, trail: AuditTrail, *, denied: bool) -> None:
    """Every decision, or only the refusals; then what is missing."""
    shown = [one for one in trail.entries if not (denied and one.allowed)]
    if console.as_json:
        policies = [{"since": one.since, "sha256": one.sha256, "level": one.level} for one in trail.policies]
        console.document(
            {
                "entries": [_fields(one) for one in shown],
                "policies": policies,
                "lost": trail.lost,
                "silent": trail.silent,
            }
        )
        return
    if shown:
        console.table(_COLUMNS, [_cells(one) for one in shown])
    else:
        console.note("nothing was refused" if denied else "nothing was asked for")
    if trail.silent >= _MANY_SILENT:
        console.note(f"{trail.silent} connections asked the gateway for nothing")
    if trail.lost:
        console.warn(f"{trail.lost} lines of the gateway's log are lost: this trail is not complete")


def show_entries(console: Console, entries: Iterable[AuditEntry], *, denied: bool) -> None:
    """Line by line as they come; under --json an object a line."""
    for one in entries:
        if denied and one.allowed:
            continue
        console.line(json.dumps(_fields(one)) if console.as_json else "  ".join(_cells(one)))
        sys.stdout.flush()


def _fields(one: AuditEntry) -> dict[str, object]:
    keys = ("time", "method", "host", "port", "url", "decision", "rule", "reason")
    return {
        **{key: getattr(one, key) for key in keys},
        "bytes_in": one.bytes_in,
        "bytes_out": one.bytes_out,
        "milliseconds": one.milliseconds,
    }


def _cells(one: AuditEntry) -> list[str]:
    sizes = ["…", "…"] if one.open else [str(one.bytes_in), str(one.bytes_out)]
    cells = [one.time, one.decision, one.method, one.host or "-", str(one.port or "-"), one.rule, *sizes]
    return ["".join(letter if letter.isprintable() else "·" for letter in cell) for cell in cells]
