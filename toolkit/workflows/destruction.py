"""destroy: from a stack's images back to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.engines.connection import connect
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action, Change
from toolkit.model.provisioning import Outcome
from toolkit.provision import identity, pulumi_variables
from toolkit.provision.place import place
from toolkit.provision.recorded import IMAGE_TYPE
from toolkit.sessions import mirrors
from toolkit.workflows import stack_look
from toolkit.workflows.declarations import all_environments
from toolkit.workflows.stack_tools import open_stack
from toolkit.workflows.unknown import unknown_environment

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.provision.place import StackPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`environments` empty: all of the stack. `force`: although sessions use the images."""

    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK
    environments: tuple[str, ...] = ()
    force: bool = False


def destruction(request: Request) -> Outcome:
    """What `destroy` would remove; NotFoundError for a name that neither stack nor engine knows."""
    engine = connect()
    at = place(request.root, request.stack)
    there = _existing(request, at, engine)
    unknown = [name for name in request.environments if name not in there]
    if unknown:
        declared = [one.name for one in all_environments(request.root)]
        if unknown[0] not in declared:
            raise unknown_environment(unknown[0], sorted({*declared, *there} - {labels.GATEWAY_NAME}))
    wanted = sorted(_unwanted(there, request.environments))
    _refuse_while_in_use(request, at, engine, wanted)
    return Outcome(
        stack=request.stack,
        changes=tuple(Change(environment=name, resource=IMAGE_TYPE, action=Action.DELETE) for name in wanted),
        counts={one: len(wanted) if one is Action.DELETE else 0 for one in Action},
    )


def destroy(request: Request, on_event: OnEvent) -> Outcome:
    """Remove the stack's images from Pulumi's record and from the engine. Bases stay: `toolkit setup` made them."""
    outcome = destruction(request)
    engine = connect()
    at = place(request.root, request.stack)
    names = {one.environment for one in outcome.changes}
    _forget(request, at, names, on_event)
    # The official plugin's delete does nothing, and earlier builds are in no record: the labels know them all.
    remove(images_of(engine, key_of(at), names), engine, on_event)
    if not request.environments:
        mirrors.remove_unused(engine)
    return outcome


def _forget(request: Request, at: StackPlace, names: Collection[str], on_event: OnEvent) -> None:
    """Out of Pulumi's record; only Pulumi itself can read that of some backends."""
    stack = open_stack(at, on_event) if at.backend is None else None
    record = stack.record() if stack else stack_look.recorded_state(at)
    known = set(names) & set(record.images) if record is not None else set()
    if known or (stack and not request.environments):
        (stack or open_stack(at, on_event)).destroy(sorted(known) if request.environments else ())


def key_of(at: StackPlace) -> str:
    return identity.stack_key(backend=pulumi_variables.backend_url(at.root), project=at.project, stack=at.name)


def images_of(engine: Engine, key: str, names: Collection[str] | None = None) -> list[EngineImage]:
    """All that the engine has of the stack. Snapshots come first: an image that others stand on cannot be removed."""
    ours = engine.images(labels={labels.STACK: key})
    found = [one for one in ours if names is None or one.labels.get(labels.ENVIRONMENT) in names]
    return sorted(found, key=lambda one: one.labels.get(labels.KIND) in {labels.IMAGE_KIND, labels.GATEWAY_KIND})


def remove(unwanted: Sequence[EngineImage], engine: Engine, on_event: OnEvent) -> None:
    for image in unwanted:
        for name in image.tags or (image.id,):
            try:
                engine.remove_image(name)
            except EngineError as error:
                text = f"image {name} stays in the engine: {error.message}"
                on_event(Event(step="remove", phase=Phase.WARNING, text=text))


def _existing(request: Request, at: StackPlace, engine: Engine) -> set[str]:
    """Environments that have an image in the engine or in the stack's record."""
    there = {image.labels.get(labels.ENVIRONMENT, "") for image in images_of(engine, key_of(at))}
    record = stack_look.recorded_state(at)
    if record is not None:
        there |= set(record.images)
    elif at.backend is None:
        there |= {one.name for one in all_environments(request.root) if not one.archived}
    return there - {""}


def _unwanted(there: Collection[str], environments: Collection[str]) -> set[str]:
    """What of that is to go: the gateways' image only with the last environment, whose sessions need it."""
    named = set(there) & set(environments)
    left = set(there) - named - {labels.GATEWAY_NAME}
    return set(there) if not environments or (named and not left) else named


def _refuse_while_in_use(request: Request, at: StackPlace, engine: Engine, names: Sequence[str]) -> None:
    """A container carries its image's labels, so those of the stack are found with one question."""
    using = sorted(
        one.labels.get(labels.SESSION) or one.name
        for one in engine.containers(labels={labels.KIND: "session", labels.STACK: key_of(at)})
        if one.labels.get(labels.ENVIRONMENT) in names
    )
    if using and not request.force:
        raise ToolkitError(
            f"these images are in use by {', '.join(using)}",
            hint=f"toolkit rm {using[0]}; or --force, which leaves the images that are in use",
            code="in-use",
        )
