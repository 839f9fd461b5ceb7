"""What `toolkit lock` recorded, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.lock import Locked

_SHOWN = len("sha256:") + 12


def show_locked(console: Console, found: Locked, *, written: bool) -> None:
    """`written`: the file says so now; else it only would."""
    if console.as_json:
        changes = [{"base": one.base, "from": one.before or None, "to": one.after or None} for one in found.changes]
        console.document({"path": found.path, "bases": dict(found.lock.bases), "changes": changes})
        return
    for one in found.changes:
        console.line(f"{one.base}: {_short(one.before)} → {_short(one.after)}")
    count = len(found.lock.bases)
    bases = f"{count} base{'s' if count > 1 else ''}"
    if not found.changes:
        console.line(f"{found.path}: nothing to do: {bases} recorded")
    else:
        console.line(f"{found.path}: {bases} recorded" if written else f"{found.path} is not up to date")


def _short(digest: str) -> str:
    return digest[:_SHOWN] or "none"
