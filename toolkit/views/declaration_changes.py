"""What `env diff` shows: sentences for people, the same as fields for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolkit.model.declarations import Difference, Effect, Kind

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.declarations import Comparison

_FOLLOWS = {
    Effect.IMAGE_REBUILT: "image will be rebuilt",
    Effect.SNAPSHOT_REBUILT: "snapshot will be rebuilt",
}
_VALUE_WIDTH = 80
_SECRETS = "network.secrets."


def show_comparison(console: Console, comparison: Comparison) -> None:
    for name in comparison.unreadable:
        console.note(f"{name}: the file at {comparison.revision} does not pass its checks; compared as a whole")
    if console.as_json:
        console.document({"changes": [_fields(one) for one in comparison.differences]})
        return
    for one in comparison.differences:
        console.line(f"{one.environment}: {_sentence(one)}")
    if not comparison.differences:
        console.note(f"nothing changed in meaning since {comparison.revision}")


def _fields(change: Difference) -> dict[str, object]:
    return {
        "environment": change.environment,
        "kind": change.kind.value,
        "pointer": change.pointer,
        "from": change.before,
        "to": change.after,
        "effects": [one.value for one in change.effects],
    }


def _sentence(change: Difference) -> str:
    if change.kind is not Kind.CHANGED:
        return f"environment {change.kind.value}"
    follows = "; ".join(text for effect, text in _FOLLOWS.items() if effect in change.effects)
    if change.pointer in {"", "setup.script"}:
        return f"{_subject(change)} changed" + (f": {follows}" if follows else "")
    subject = _subject(change)
    return ": ".join([*([subject] if subject else []), _difference(change)]) + (f"; {follows}" if follows else "")


def _secret(change: Difference) -> str:
    return f"secret {change.pointer.removeprefix(_SECRETS)}"


def _subject(change: Difference) -> str:
    if Effect.NETWORK_WIDENED in change.effects and Effect.NETWORK_NARROWED in change.effects:
        return "network widened and narrowed"
    if Effect.NETWORK_WIDENED in change.effects:
        return "network widened"
    if Effect.NETWORK_NARROWED in change.effects:
        return "network narrowed"
    first, _, rest = change.pointer.partition(".")
    if first == "variables":
        return f"variable {rest}"
    if change.pointer.startswith(_SECRETS):  # no other host is reached: the difference says which secret it is
        return ""
    return {"setup.script": "setup script", "": "declaration"}.get(change.pointer, change.pointer)


def _difference(change: Difference) -> str:
    pointer, before, after = change.pointer, change.before, change.after
    of = {"network.deny": "deny ", "network.access": "access "}.get(pointer, "")
    if pointer.startswith(_SECRETS):
        return _secret_difference(change)
    if before is None:
        return f"+ {of}{_shown(after)}"
    if after is None:
        return f"- {of}{_shown(before)}"
    return f"{of}{_shown(before)} → {_shown(after)}"


def _secret_difference(change: Difference) -> str:
    """Field by field; the secret itself is in no declaration."""
    before, after = change.before, change.after
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return f"{'+' if before is None else '-'} {_secret(change)}"
    keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    words = ", ".join(f"{key} {_quoted(before.get(key, ''))} → {_quoted(after.get(key, ''))}" for key in keys)
    return f"{_secret(change)}: {words}"


def _quoted(value: object) -> str:
    """With quotes, for a prefix ends in a blank."""
    return json.dumps(value, ensure_ascii=False)


def _shown(value: object) -> str:
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_WIDTH else f"{text[:_VALUE_WIDTH]}…"
