"""Images of earlier builds as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.image import StaleImage

_MEGABYTE = 1_000_000
_DIGITS = 12


def show_stale(console: Console, found: Sequence[StaleImage]) -> None:
    """For `--check`, and where there is nothing."""
    if console.as_json:
        console.document({"stale": [_fields(one) for one in found]})
    elif found:
        list_stale(console, found)
    else:
        console.line("no image of an earlier build is left over")


def list_stale(console: Console, found: Sequence[StaleImage]) -> None:
    for one in found:
        console.note(f"- {_what(one)}, {one.size / _MEGABYTE:.0f} MB")


def show_pruned(console: Console, removed: Sequence[StaleImage]) -> None:
    """Sizes are those of whole images: layers that others share stay."""
    if console.as_json:
        console.document({"removed": [_fields(one) for one in removed]})
        return
    for one in removed:
        console.line(f"- {_what(one)}: removed")


def _what(one: StaleImage) -> str:
    return f"{one.environment or 'image'} {one.build or one.id.removeprefix('sha256:')[:_DIGITS]} ({one.kind})"


def _fields(one: StaleImage) -> dict[str, object]:
    return {
        "id": one.id,
        "names": list(one.names),
        "environment": one.environment,
        "build": one.build,
        "kind": one.kind,
        "size": one.size,
    }
