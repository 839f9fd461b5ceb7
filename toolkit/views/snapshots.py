"""Snapshots as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.environment import SHOWN_DIGITS
from toolkit.views.sessions import age

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.snapshot import Snapshot

_COLUMNS = ("ENVIRONMENT", "SNAPSHOT", "BUILD", "AGE", "SIZE")
_MEGABYTE = 1_000_000


def show_list(console: Console, found: Sequence[Snapshot]) -> None:
    if console.as_json:
        console.document({"snapshots": [_fields(one) for one in found]})
    elif found:
        console.table(_COLUMNS, [_cells(one) for one in found])
    else:
        console.note("no snapshots; the first session of an environment with a setup script makes one")


def show_prebuilt(console: Console, environment: str, found: Snapshot | None, *, made: bool) -> None:
    if console.as_json:
        body = None if found is None else _fields(found)
        console.document({"environment": environment, "snapshot": body, "made": made})
    elif found is None:
        console.line(f"{environment} has no setup script: sessions start from its image")
    else:
        console.line(f"{environment}: snapshot {found.key[:SHOWN_DIGITS]} {'made' if made else 'is there already'}")


def show_reset(console: Console, environment: str, removed: Sequence[Snapshot]) -> None:
    if console.as_json:
        console.document({"environment": environment, "removed": [_fields(one) for one in removed]})
    elif removed:
        console.line(f"{environment}: {len(removed)} snapshot{'s' if len(removed) > 1 else ''} removed")
    else:
        console.line(f"{environment} has no snapshot")


def _fields(one: Snapshot) -> dict[str, object]:
    return {
        "environment": one.environment,
        "key": one.key,
        "build": one.build,
        "image": one.image,
        "created": one.created,
        "size": one.size,
    }


def _cells(one: Snapshot) -> list[str]:
    size = f"{one.size / _MEGABYTE:.0f} MB"
    return [one.environment, one.key[:SHOWN_DIGITS], one.build, age(one.created), size]
