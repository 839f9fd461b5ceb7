"""preview, up, drift: from declarations to images in the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.declare import lock as lock_file
from toolkit.engines.connection import connect
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action, BuiltImage, Change
from toolkit.model.provisioning import Outcome
from toolkit.provision import pulumi_variables, recorded
from toolkit.provision.place import place
from toolkit.sessions import disk_limit
from toolkit.workflows import destruction, images, locking, pulling, settled, stack_look, stack_tools

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.lock import Lock
    from toolkit.provision.stack import Stack
    from toolkit.workflows.stack_look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`environments` empty: all that are not archived. `bootstrap`: make a stand-in for a base that cannot be pulled.

    `refresh`: ask Pulumi although nothing seems to have changed. `locked`: on the bases of envs/lock.yaml alone.
    """

    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK
    environments: tuple[str, ...] = ()
    bootstrap: bool = False
    refresh: bool = False
    locked: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        return stack_look.targets(self.environments)


def preview(request: Request, on_event: OnEvent) -> Outcome:
    """What `up` would do, and why; builds nothing. Where nothing is to be done, with the images that are there."""
    specs = stack_tools.asked_for(request.root, request.environments)
    lock = _lock(request)
    engine = connect()
    at = place(request.root, request.stack)
    seen = stack_look.look(at, engine, stack_look.recorded_state(at), request.targets)
    _hold_to(lock, specs, seen)
    if seen.settled and not request.refresh:
        return settled.outcome(seen, specs, engine, on_event)
    stack = stack_tools.open_stack(at, on_event)
    seen = _with_record(seen, stack, engine)
    _rebuild(stack, seen.anew)
    return _outcome(request, stack_look.explained(stack.preview(request.targets), seen))


def up(request: Request, on_event: OnEvent) -> Outcome:
    """Build what is missing or changed; the images of all environments asked for are in the engine afterwards."""
    specs = stack_tools.asked_for(request.root, request.environments)
    lock = _lock(request)
    engine = connect()
    at = place(request.root, request.stack)
    seen = stack_look.look(at, engine, stack_look.recorded_state(at), request.targets)
    _hold_to(lock, specs, seen)
    if pulling.pull_missing(seen.planned, seen.record, engine, on_event):
        seen = stack_look.look(at, engine, seen.record, request.targets)
        _hold_to(lock, specs, seen)
    if seen.settled and not request.refresh:
        return settled.outcome(seen, specs, engine, on_event)
    disk_limit.warn(specs, engine, on_event)
    stack_tools.pulumi(request.root, on_event)
    _provide_bases(request, specs, lock, engine, on_event)
    stack = stack_tools.open_stack(at, on_event)
    seen = _with_record(seen, stack, engine)
    _hold_to(lock, specs, seen)
    _rebuild(stack, seen.anew)
    changes = stack_look.explained(stack.up(request.targets), seen)
    gone = {one.environment for one in changes if one.action is Action.DELETE}
    if gone:
        destruction.remove(destruction.images_of(engine, seen.images.key, gone), engine, on_event)
    after = stack_look.look(at, engine, stack.record(), request.targets)
    return _outcome(request, changes, stack_look.built(after.planned, after, engine))


def adopt(request: Request, on_event: OnEvent) -> None:
    """Set a damaged state of the file backend aside: `up` then records what the engine has by the stack's labels."""
    at = place(request.root, request.stack)
    if at.backend is None:
        return
    kept = recorded.set_aside(at.backend, project=at.project, stack=at.name)
    if kept is not None:
        text = f"the damaged state of stack {at.name} is kept as {kept}"
        on_event(Event(step="adopt", phase=Phase.NOTE, text=text))


def drift(request: Request, on_event: OnEvent) -> Outcome:
    """What is declared, what the stack recorded, and what the engine has: where they differ. Changes nothing."""
    stack_tools.asked_for(request.root, request.environments)
    engine = connect()
    at = place(request.root, request.stack)
    record = stack_look.recorded_state(at)
    if at.backend is None:
        record = stack_tools.open_stack(at, on_event).record()
    return _outcome(request, stack_look.look(at, engine, record, request.targets).changes())


def _with_record(seen: Look, stack: Stack, engine: Engine) -> Look:
    """Looked at once more: bases may have come, and only Pulumi can read the record of some backends."""
    record = seen.record if seen.place.backend is not None else stack.record()
    return stack_look.look(seen.place, engine, record, seen.names)


def _rebuild(stack: Stack, names: Sequence[str]) -> None:
    if names:
        stack.add_variables({images.REBUILD_VARIABLE: ",".join(names)})


def _lock(request: Request) -> Lock | None:
    return lock_file.read(request.root) if request.locked else None


def _hold_to(lock: Lock | None, specs: Sequence[EnvironmentSpec], seen: Look) -> None:
    if lock is not None:
        locking.check(lock, specs, seen.planned)


def _provide_bases(
    request: Request, specs: Sequence[EnvironmentSpec], lock: Lock | None, engine: Engine, on_event: OnEvent
) -> None:
    from toolkit.provision.base_image import provide

    for declared in sorted(locking.bases_of(specs)):
        wanted = lock.bases[declared] if lock is not None else ""
        base = provide(declared, engine, on_event, bootstrap=request.bootstrap, digest=wanted)
        if base.bootstrapped:
            text = f"base image {declared}: its stand-in {base.reference} is used"
            on_event(Event(step="base image", phase=Phase.NOTE, text=text))


def _outcome(request: Request, changes: tuple[Change, ...], built: tuple[BuiltImage, ...] = ()) -> Outcome:
    counted = Counter(one.action for one in changes)
    return Outcome(
        stack=request.stack, changes=changes, images=built, counts={one: counted.get(one, 0) for one in Action}
    )
