"""What a client that died in the middle left behind: found by label, never anything that is alive."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.model import labels
from toolkit.sessions import launcher

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """`kind` is container, network or folder; `identity` what removes it."""

    kind: str
    name: str
    identity: str
    reason: str


def find(engine: Engine) -> tuple[Leftover, ...]:
    """Containers that never started and networks without a session whose maker is gone, and its folders here."""
    containers = engine.containers(labels={labels.SESSION: ""})
    unborn = [one for one in containers if one.status == "created" and _orphaned(one.labels)]
    living = {one.labels.get(labels.SESSION) for one in containers} - {one.labels.get(labels.SESSION) for one in unborn}
    lonely = [
        one
        for one in engine.networks(labels={labels.KIND: "network"})
        if one.labels.get(labels.SESSION) not in living and _orphaned(one.labels)
    ]
    return (
        *(Leftover(kind="container", name=one.name, identity=one.id, reason="it never started") for one in unborn),
        *(Leftover(kind="network", name=one.name, identity=one.id, reason="no session uses it") for one in lonely),
        *(
            Leftover(kind="folder", name=one.name, identity=str(one), reason="its launch was cut off")
            for one in _folders()
        ),
    )


def remove(engine: Engine, leftover: Leftover) -> None:
    """Idempotent."""
    if leftover.kind == "container":
        engine.remove_container(leftover.identity)
    elif leftover.kind == "network":
        engine.remove_network(leftover.identity)
    else:
        shutil.rmtree(leftover.identity, ignore_errors=True)


def launch_folder(mark: str) -> Path:
    """Where one client keeps what it is about to carry up; its name tells whether the client still lives."""
    return paths.state_dir() / "launches" / mark


def _folders() -> list[Path]:
    parent = paths.state_dir() / "launches"
    return [one for one in sorted(parent.iterdir()) if launcher.is_gone(one.name)] if parent.is_dir() else []


def _orphaned(found: object) -> bool:
    return launcher.is_gone(dict(found).get(labels.LAUNCHER, "")) if isinstance(found, dict) else False
