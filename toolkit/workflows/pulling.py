"""Images that a registry has: found there, and pulled instead of built."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision.identity import image_reference
from toolkit.sessions.image import existing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.provision.plan import PlannedImage
    from toolkit.provision.recorded import Record, RecordedImage

_AT_ONCE = 8


def gone(engine: Engine, record: Record | None) -> tuple[str, ...]:
    """Environments whose recorded image is not in its registry any more; EngineError where one does not answer."""
    pushed = [one for one in record.images.values() if one.pushed and one.digest] if record is not None else []
    if not pushed:
        return ()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        there = list(pool.map(lambda one: engine.in_registry(_exact(one)), pushed))
    return tuple(one.environment for one, known in zip(pushed, there, strict=True) if not known)


def pull_missing(
    planned: Sequence[PlannedImage], record: Record | None, engine: Engine, on_event: OnEvent
) -> tuple[str, ...]:
    """Bring what this engine lacks and the registry has; the environments whose images came."""
    came = []
    for one in planned:
        if not one.push or one.present or engine.image(one.reference) is not None:
            continue
        known = record.images.get(one.environment) if record is not None else None
        exact = _exact(known) if known is not None and known.reference == one.reference and known.digest else ""
        if _pull(one.reference, exact, engine, on_event):
            came.append(one.environment)
    return tuple(came)


def session_image(root: Path, environment: str, build: str, engine: Engine, on_event: OnEvent) -> str:
    """The id of the image that a session starts from, from the site's registry where the engine lacks it.

    Raises ToolkitError, as `existing` does, where neither has it.
    """
    try:
        return existing(engine, environment=environment, build=build)
    except ToolkitError:
        _pull_build(root, environment, build, engine, on_event)
    return existing(engine, environment=environment, build=build)


def gateway_image(root: Path, build: str, engine: Engine, on_event: OnEvent) -> str:
    """The same for the gateways' image."""
    name, kind = labels.GATEWAY_NAME, labels.GATEWAY_KIND
    try:
        return existing(engine, environment=name, build=build, kind=kind)
    except ToolkitError:
        _pull_build(root, name, build, engine, on_event)
    return existing(engine, environment=name, build=build, kind=kind)


def _pull_build(root: Path, environment: str, build: str, engine: Engine, on_event: OnEvent) -> None:
    from toolkit import settings

    registry = settings.load(root).site.image_registry
    if registry:
        reference = image_reference(key="", environment=environment, build=build, registry=registry)
        _pull(reference, "", engine, on_event)


def _pull(reference: str, exact: str, engine: Engine, on_event: OnEvent) -> bool:
    """Under its name, by its digest where that is known; False where the registry does not have it."""
    wanted = exact or reference
    if not engine.in_registry(wanted):
        return False
    on_event(Event(step="pull", phase=Phase.STARTED, text=f"image {reference}: pulling"))
    engine.pull(wanted, on_line=lambda line: on_event(Event(step="pull", phase=Phase.PROGRESS, text=line)))
    if exact:
        engine.tag_image(exact, reference)
    if engine.image(reference) is None:
        raise EngineError(f"the engine pulled {wanted} but does not have it")
    on_event(Event(step="pull", phase=Phase.DONE, text=f"image {reference}: pulled"))
    return True


def _exact(known: RecordedImage) -> str:
    """`host/path/name@sha256:…`: what was recorded, whatever the tag names by now."""
    head, _, tail = known.reference.rpartition(":")
    repository = head if "/" not in tail else known.reference
    return f"{repository}@{known.digest}"
