"""What preview, up and destroy say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.model.image import Action

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.image import Change, Sides
    from toolkit.model.provisioning import Outcome

_SHORT_DIGITS = len("sha256:") + 12
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "±", Action.DELETE: "-"}
_PLANNED = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.SAME: "unchanged",
}
_APPLIED = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.SAME: "unchanged",
}


def show_plan(console: Console, outcome: Outcome, *, with_difference: bool = False) -> None:
    """What would change and why, with `with_difference` line by line; the document under --json."""
    if console.as_json:
        console.document(fields(outcome, difference=with_difference))
        return
    _show_changes(console, outcome, with_difference=with_difference)
    console.line(_summary(outcome, _PLANNED))


def show_drift(console: Console, outcome: Outcome) -> None:
    """Where the sides differ, and what `up` would do about it; the document under --json."""
    if console.as_json:
        console.document(fields(outcome, sides=True))
        return
    _show_changes(console, outcome, with_difference=False)
    for one in outcome.changing:
        if one.sides is not None:
            sides = ", ".join(f"{side} {_short(value) or 'nothing'}" for side, value in _sides(one.sides).items())
            console.line(f"  {one.environment}: {sides}")
    drifted = "drifted; 'toolkit up' puts it right" if outcome.changing else "no drift"
    console.line(f"stack {outcome.stack}: {drifted}")


def show_up(console: Console, outcome: Outcome) -> None:
    """The images that are there now, and what had to be done for it."""
    if console.as_json:
        images = {
            one.environment: {"reference": one.reference, "digest": one.digest, "build": one.build}
            for one in outcome.images
        }
        console.document({**fields(outcome), "images": images})
        return
    done = {one.environment: _APPLIED[one.action] for one in outcome.changes}
    console.table(
        ("ENVIRONMENT", "BUILD", "IMAGE", "STATUS"),
        [(one.environment, one.build, one.reference, done.get(one.environment, "")) for one in outcome.images],
    )
    console.line(_summary(outcome, _APPLIED))


def show_destroyed(console: Console, outcome: Outcome) -> None:
    if console.as_json:
        console.document(fields(outcome))
        return
    for one in outcome.changing:
        console.line(f"{_SIGNS[one.action]} {one.environment}: image deleted")
    console.line(_summary(outcome, _APPLIED))


def fields(outcome: Outcome, *, difference: bool = False, sides: bool = False) -> dict[str, object]:
    """`changes` holds what changes; what stays the same is only counted."""
    return {
        "stack": outcome.stack,
        "changes": [_change_fields(one, difference=difference, sides=sides) for one in outcome.changing],
        "summary": {action.value: outcome.counts.get(action, 0) for action in Action},
    }


def _change_fields(one: Change, *, difference: bool, sides: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "environment": _environment(one),
        "resource": one.resource,
        "action": one.action.value,
        "reasons": list(one.reasons),
    }
    if difference:
        found["diff"] = list(one.difference)
    if sides and one.sides is not None:
        found |= {side: value or None for side, value in _sides(one.sides).items()}
    return found


def _show_changes(console: Console, outcome: Outcome, *, with_difference: bool) -> None:
    for one in outcome.changing:
        console.line(f"{_SIGNS[one.action]} {one.environment}: image {_PLANNED[one.action]}")
        for line in (*one.reasons, *(one.difference if with_difference else ())):
            console.line(f"    {line}")


def _sides(sides: Sides) -> dict[str, str]:
    return {name: getattr(sides, name) for name in type(sides).record_fields}


def _environment(change: Change) -> str:
    """Empty for the image that is no environment's."""
    return "" if change.environment == labels.GATEWAY_NAME else change.environment


def _short(identity: str) -> str:
    return identity[:_SHORT_DIGITS] if identity.startswith("sha256:") else identity


def _summary(outcome: Outcome, words: dict[Action, str]) -> str:
    counted = [f"{count} {words[action]}" for action, count in outcome.counts.items() if count]
    if not outcome.changing:
        unchanged = outcome.counts.get(Action.SAME, 0)
        kept = f": {unchanged} image{'s' if unchanged > 1 else ''} up to date" if unchanged else ""
        return f"stack {outcome.stack}: nothing to do{kept}"
    return f"stack {outcome.stack}: {', '.join(counted)}"
