"""`toolkit up` with nothing to do, said in the time that it takes to look: neither Pulumi nor docker-py is imported."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from toolkit.engines.connection import connect
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action
from toolkit.model.provisioning import Outcome
from toolkit.provision.place import place
from toolkit.sessions import disk_limit
from toolkit.workflows import stack_look
from toolkit.workflows.declarations import all_environments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.workflows.stack_look import Look


def up(root: Path, stack: str, names: Sequence[str], on_event: OnEvent) -> Outcome | None:
    """None where anything is to be done, or to be said of the names."""
    offered = {one.name: one for one in all_environments(root) if not one.archived}
    if not offered.keys() >= set(names):
        return None
    engine = connect()
    at = place(root, stack)
    seen = stack_look.look(at, engine, stack_look.recorded_state(at), stack_look.targets(names))
    specs = [offered[name] for name in names or offered]
    return outcome(seen, specs, engine, on_event) if seen.settled else None


def outcome(seen: Look, specs: Sequence[EnvironmentSpec], engine: Engine, on_event: OnEvent) -> Outcome:
    """What `up` says of a settled stack and of the environments that were asked for."""
    disk_limit.warn(specs, engine, on_event)
    for base in sorted({one.base for one in seen.planned if one.bootstrapped}):
        on_event(Event(step="base image", phase=Phase.NOTE, text=f"base image: the stand-in {base} is used"))
    changes = seen.changes()
    counted = Counter(one.action for one in changes)
    return Outcome(
        stack=seen.place.name,
        changes=changes,
        images=stack_look.built(seen.planned, seen, engine),
        counts={one: counted.get(one, 0) for one in Action},
        settled=True,
    )
