"""A round of `reconcile` as a line, as JSON, and as the document that monitoring reads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolkit.views.problems import problem_fields

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.reconciliation import Reconciliation


def show_round(console: Console, found: Reconciliation) -> None:
    if console.as_json:
        console.document(fields(found))
        return
    for one in found.problems:
        console.note(str(one))
    for change in found.changes:
        console.line(f"  {change.environment}: {change.action.value}")
    console.line(f"{found.state.value}: {found.branch}: {found.message} (in force: {found.applied[:12]})")


def document(found: Reconciliation) -> str:
    """`schemas/reconciliation.schema.json`."""
    return json.dumps({"version": 1, **fields(found)}, indent=2) + "\n"


def fields(found: Reconciliation) -> dict[str, object]:
    return {
        "state": found.state.value,
        "healthy": found.state.is_good,
        "branch": found.branch,
        "commit": found.commit,
        "applied": found.applied,
        "message": found.message,
        "started": found.started,
        "finished": found.finished,
        "problems": [problem_fields(one) for one in found.problems],
        "changes": [
            {"environment": one.environment, "resource": one.resource, "action": one.action.value}
            for one in found.changes
        ],
        "pruned": found.pruned,
    }
