"""Snapshots: an image with the files that its environment's setup script left, found by what it was made from."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.snapshot import Snapshot

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.environment import SetupSpec

_REPOSITORY = "toolkit.local/snapshot"


def key_of(*, image: str, setup: SetupSpec, policy: str, architecture: str) -> str:
    """What a snapshot depends on: image id, script, what the network lets through, architecture. No variables."""
    made_of = [image, setup.script, policy, architecture]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def reference(environment: str, key: str) -> str:
    return f"{_REPOSITORY}/{environment}:{key[:SHOWN_DIGITS]}"


def snapshots(engine: Engine, *, environment: str = "") -> tuple[Snapshot, ...]:
    """Those of the engine, or of one environment, the newest first; forgotten ones are left out."""
    found = [one for one in _all(engine, environment) if one.name]
    return tuple(sorted(found, key=lambda one: (one.created, one.key), reverse=True))


def existing(engine: Engine, key: str, *, max_age: float) -> Snapshot | None:
    """The snapshot with this key, if it has not reached its age."""
    fresh = [one for one in snapshots(engine) if one.key == key and not one.is_older_than(max_age)]
    return max(fresh, key=lambda one: one.created, default=None)


def forget(engine: Engine, snapshot: Snapshot) -> None:
    """Take its name away, so that no new session starts from it; its files go with the last session that uses them."""
    engine.remove_image(snapshot.name, force=True)


def sweep(engine: Engine) -> None:
    """Remove what was forgotten and is used no more."""
    for one in _all(engine, ""):
        if not one.name:
            with suppress(EngineError):  # still in use
                engine.remove_image(one.image)


def _all(engine: Engine, environment: str) -> list[Snapshot]:
    wanted = {labels.KIND: labels.SNAPSHOT_KIND, **({labels.ENVIRONMENT: environment} if environment else {})}
    return [_snapshot(one) for one in engine.images(labels=wanted)]


def _snapshot(image: EngineImage) -> Snapshot:
    own = image.labels
    return Snapshot(
        key=own.get(labels.SNAPSHOT, ""),
        environment=own.get(labels.ENVIRONMENT, ""),
        stack=own.get(labels.STACK, ""),
        build=own.get(labels.BUILD, ""),
        image=image.id,
        name=image.tags[0] if image.tags else "",
        created=own.get(labels.CREATED, ""),
        size=image.size,
    )
