"""The snapshot that sessions of an environment start from: there already, or made now, by one client alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from toolkit import settings
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.event import Event, Phase
from toolkit.sessions import preparing, snapshot
from toolkit.workflows import audit, builds, declarations, gateways
from toolkit.workflows.pulling import session_image

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.event import OnEvent
    from toolkit.model.snapshot import Snapshot

_NAME_TAKEN = "already in use"
_ATTEMPTS = 20
_SPARE_SECONDS = 600.0


def starting_image(
    root: Path, engine: Engine, spec: EnvironmentSpec, image: str, on_event: OnEvent, *, architecture: str = ""
) -> str:
    """The id of the image that a session starts from: `image` itself without a setup script, else its snapshot."""
    if not spec.setup.script:
        return image
    found, made = _ensured(root, engine, spec, image, on_event, architecture=architecture)
    text = "setup: snapshot made" if made else f"setup: snapshot of {found.created}"
    on_event(Event(step="setup", phase=Phase.DONE, text=text))
    return found.image


def prebuild(root: Path, engine: Engine, name: str, on_event: OnEvent) -> tuple[Snapshot | None, bool]:
    """Have the snapshot of an environment, and whether it was made now; None where there is no setup script."""
    spec = declarations.environment(root, name)
    image = session_image(root, spec.name, builds.build_of(root, spec), engine, on_event)
    if not spec.setup.script:
        return None, False
    return _ensured(root, engine, spec, image, on_event)


def cached(engine: Engine) -> tuple[Snapshot, ...]:
    """Every snapshot of the engine."""
    return snapshot.snapshots(engine)


def reset(root: Path, engine: Engine, name: str) -> tuple[Snapshot, ...]:
    """Forget the snapshots of an environment; returns them. Another root's of the same name stay.

    Raises NotFoundError for a name that is not declared.
    """
    spec = declarations.environment(root, name)
    build = builds.build_of(root, spec)[:SHOWN_DIGITS]
    wanted = {labels.KIND: labels.IMAGE_KIND, labels.ENVIRONMENT: name, labels.BUILD: build}
    stacks = {one.labels.get(labels.STACK, "") for one in engine.images(labels=wanted)}
    found = tuple(one for one in snapshot.snapshots(engine, environment=name) if one.stack in stacks)
    for one in found:
        snapshot.forget(engine, one)
    snapshot.sweep(engine)
    return found


def _ensured(
    root: Path, engine: Engine, spec: EnvironmentSpec, image: str, on_event: OnEvent, *, architecture: str = ""
) -> tuple[Snapshot, bool]:
    plan = gateways.plan(root, engine, spec, with_secrets=False)
    key = snapshot.key_of(
        image=image, setup=spec.setup, policy=plan.policy, architecture=architecture or engine.architecture()
    )
    for _ in range(_ATTEMPTS):
        found = snapshot.existing(engine, key, max_age=spec.setup.max_age)
        if found is not None:
            return found, False
        preparing.wait_for_others(engine, key, timeout=spec.setup.timeout + _SPARE_SECONDS)
        found = snapshot.existing(engine, key, max_age=spec.setup.max_age)
        if found is not None:
            return found, False
        request = preparing.new_request(environment=spec, image=image, key=key)
        on_event(Event(step="setup", phase=Phase.STARTED, text=f"setup: running the script of {spec.name}"))
        try:
            made = preparing.make_snapshot(
                request,
                plan,
                engine,
                pools=settings.load(root).site.subnets,
                refused=partial(audit.refusals, engine, request.name, following=False),
                on_event=on_event,
            )
        except EngineError as error:
            if _NAME_TAKEN in error.message:
                continue
            raise
        found = next((one for one in snapshot.snapshots(engine) if one.image == made), None)
        if found is not None:
            _drop_older(engine, found)
            return found, True
    raise EngineError(f"no snapshot of '{spec.name}' could be made in {_ATTEMPTS} attempts", hint="try again")


def _drop_older(engine: Engine, newest: Snapshot) -> None:
    """An environment of a stack has one snapshot that new sessions start from; what running ones use stays for them."""
    for one in snapshot.snapshots(engine, environment=newest.environment):
        if one.stack == newest.stack and one.image != newest.image:
            snapshot.forget(engine, one)
    snapshot.sweep(engine)
