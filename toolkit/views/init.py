"""What `toolkit init` laid down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.console import Console
    from toolkit.model.laid_down import LaidDown


def show(console: Console, done: LaidDown) -> None:
    """The paths on stdout; what to do next on stderr."""
    if console.as_json:
        console.document({"folder": str(done.folder), "created": list(done.created), "kept": list(done.kept)})
        return
    for path in done.created:
        console.line(f"created  {path}")
    for path in done.kept:
        console.line(f"kept     {path}")
    if done.unignored:
        console.warn("add '/.toolkit/*' and '!/.toolkit/settings.yaml' to .gitignore: state lies there")
    if done.created:
        console.note("next: toolkit setup, then toolkit up")
