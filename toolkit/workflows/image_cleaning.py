"""`toolkit images prune`: what earlier builds left in the engine, as far as it is this stack's and nobody uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.engines.connection import connect
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import StaleImage
from toolkit.provision import pulumi_variables
from toolkit.provision.place import place
from toolkit.workflows import destruction, stack_look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engines.base import EngineImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK


def stale(request: Request) -> tuple[StaleImage, ...]:
    """Images of the stack that neither a declaration asks for nor a container stands on; snapshots first."""
    engine = connect()
    at = place(request.root, request.stack)
    planned = {one.reference for one in stack_look.look(at, engine, stack_look.recorded_state(at)).planned}
    used = {one.image for one in engine.containers(labels={})}
    ours = destruction.images_of(engine, destruction.key_of(at))
    bases = {one.id for one in ours if planned & set(one.tags)}
    return tuple(
        StaleImage(
            id=one.id,
            names=one.tags,
            environment=one.labels.get(labels.ENVIRONMENT, ""),
            build=one.labels.get(labels.BUILD, ""),
            kind=one.labels.get(labels.KIND, ""),
            size=one.size,
        )
        for one in ours
        if one.id not in used | bases and not _is_current_snapshot(one, ours, planned)
    )


def prune(request: Request, on_event: OnEvent) -> tuple[StaleImage, ...]:
    """Remove them; returns those that are gone. One that a container has begun to use meanwhile stays, with a word."""
    engine = connect()
    removed = []
    for image in stale(request):
        try:
            for name in image.names or (image.id,):
                engine.remove_image(name)
        except EngineError as error:
            text = f"image {image.id.removeprefix('sha256:')[:12]} stays: {error.message}"
            on_event(Event(step="prune", phase=Phase.WARNING, text=text))
        else:
            removed.append(image)
    return tuple(removed)


def _is_current_snapshot(image: EngineImage, ours: list[EngineImage], planned: set[str]) -> bool:
    """It has a name, and stands on an image that is asked for: the next session may start from it."""
    if image.labels.get(labels.KIND) != labels.SNAPSHOT_KIND or not image.tags:
        return False
    builds = set(_builds(ours, planned))
    return (image.labels.get(labels.ENVIRONMENT), image.labels.get(labels.BUILD)) in builds


def _builds(ours: list[EngineImage], planned: set[str]) -> Iterator[tuple[str | None, str | None]]:
    for one in ours:
        if planned & set(one.tags):
            yield one.labels.get(labels.ENVIRONMENT), one.labels.get(labels.BUILD)
