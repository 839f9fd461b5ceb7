"""preview, up, destroy: from declarations to images in the engine, and back to nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolkit.diagnostics import did_you_mean
from toolkit.errors import EngineError, NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action, BuiltImage, Change
from toolkit.model.provisioning import Outcome
from toolkit.provision import airgapped, docker_plugin, identity, pulumi_source, pulumi_variables, recorded
from toolkit.provision.recorded import IMAGE_TYPE
from toolkit.workflows import builds, images, stack_look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.provision.place import StackPlace
    from toolkit.provision.pulumi_source import PulumiProgram
    from toolkit.provision.stack import Stack
    from toolkit.workflows.stack_look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`environments` empty: all that are not archived. `bootstrap`: make a stand-in for a base that cannot be pulled.

    `force`: destroy although sessions use the images. `refresh`: ask Pulumi although nothing seems to have changed.
    """

    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK
    environments: tuple[str, ...] = ()
    bootstrap: bool = False
    force: bool = False
    refresh: bool = False


def preview(request: Request, on_event: OnEvent) -> Outcome:
    """What `up` would do, and why; builds nothing. Where nothing is to be done, with the images that are there."""
    engine = _connect()
    _check_names(request)
    place = _place(request)
    seen = _look(place, engine, stack_look.recorded_state(place), request)
    if seen.settled and not request.refresh:
        _note_stand_ins(seen, on_event)
        return _settled(request, seen, engine)
    stack = _open(place, on_event)
    seen = _with_record(seen, stack, engine, request)
    _rebuild(stack, seen.foreign)
    return _outcome(request, stack_look.explained(stack.preview(_targets(request)), seen))


def up(request: Request, on_event: OnEvent) -> Outcome:
    """Build what is missing or changed; the images of all environments asked for are in the engine afterwards."""
    engine = _connect()
    specs = _check_names(request)
    place = _place(request)
    seen = _look(place, engine, stack_look.recorded_state(place), request)
    if seen.settled and not request.refresh:
        _note_stand_ins(seen, on_event)
        return _settled(request, seen, engine)
    _tools(request.root, on_event)
    _provide_bases(request, specs, engine, on_event)
    stack = _open(place, on_event)
    seen = _with_record(seen, stack, engine, request)
    _rebuild(stack, seen.foreign)
    changes = stack_look.explained(stack.up(_targets(request)), seen)
    gone = {one.environment for one in changes if one.action is Action.DELETE}
    if gone:
        _remove(_images_of(engine, seen.images.key, gone), engine, on_event)
    after = _look(place, engine, stack.record(), request)
    return _outcome(request, changes, stack_look.built(after.planned, after, engine))


def drift(request: Request, on_event: OnEvent) -> Outcome:
    """What is declared, what the stack recorded, and what the engine has: where they differ. Changes nothing."""
    engine = _connect()
    _check_known(request)
    place = _place(request)
    record = stack_look.recorded_state(place)
    if place.backend is None:
        record = _open(place, on_event).record()
    seen = _look(place, engine, record, request)
    return _outcome(request, seen.changes())


def destruction(request: Request) -> Outcome:
    """What `destroy` would remove; NotFoundError for a name that neither stack nor engine knows."""
    engine = _connect()
    place = _place(request)
    there = _existing(request, place, engine)
    unknown = [name for name in request.environments if name not in there]
    if unknown:
        declared = [one.name for one in _declared(request.root)]
        if unknown[0] not in declared:
            raise _no_such_environment(unknown[0], sorted({*declared, *there}))
    wanted = [name for name in sorted(there) if not request.environments or name in request.environments]
    _refuse_while_in_use(request, place, engine, wanted)
    return _outcome(request, tuple(_change(name, Action.DELETE) for name in wanted))


def destroy(request: Request, on_event: OnEvent) -> Outcome:
    """Remove the stack's images from Pulumi's record and from the engine. Bases stay: `toolkit setup` made them."""
    outcome = destruction(request)
    engine = _connect()
    place = _place(request)
    names = {one.environment for one in outcome.changes}
    record = stack_look.recorded_state(place)
    if place.backend is None or (record is not None and names & set(record.images)):
        known = [name for name in request.environments if record is None or name in record.images]
        if known or not request.environments:
            _open(place, on_event).destroy(known)
    # The official plugin's delete does nothing, and earlier builds are in no record: the labels know them all.
    _remove(_images_of(engine, _key(place), names), engine, on_event)
    return outcome


def _look(place: StackPlace, engine: Engine, record: recorded.Record | None, request: Request) -> Look:
    return stack_look.look(place, engine, record, _targets(request))


def _with_record(seen: Look, stack: Stack, engine: Engine, request: Request) -> Look:
    """Looked at once more: bases may have come, and only Pulumi can read the record of some backends."""
    record = seen.record if seen.place.backend is not None else stack.record()
    return _look(seen.place, engine, record, request)


def _settled(request: Request, seen: Look, engine: Engine) -> Outcome:
    return replace(_outcome(request, seen.changes(), stack_look.built(seen.planned, seen, engine)), settled=True)


def _rebuild(stack: Stack, names: Sequence[str]) -> None:
    if names:
        stack.add_variables({images.REBUILD_VARIABLE: ",".join(names)})


def _note_stand_ins(seen: Look, on_event: OnEvent) -> None:
    for base in sorted({one.base for one in seen.planned if one.bootstrapped}):
        on_event(Event(step="base image", phase=Phase.NOTE, text=f"base image: the stand-in {base} is used"))


def _targets(request: Request) -> tuple[str, ...]:
    """The resources that are asked for; sessions of any environment need the gateways' image too."""
    return (*request.environments, labels.GATEWAY_NAME) if request.environments else ()


def _connect() -> Engine:
    from toolkit.engines.connection import connect

    return connect()


def _declared(root: Path) -> tuple[EnvironmentSpec, ...]:
    from toolkit.workflows.declarations import all_environments

    return all_environments(root)


def _place(request: Request) -> StackPlace:
    from toolkit.provision.place import place

    return place(request.root, request.stack)


def _check_names(request: Request) -> tuple[EnvironmentSpec, ...]:
    """The specs of the environments asked for, unarchived."""
    declared = {one.name: one for one in _declared(request.root)}
    for name in request.environments:
        if name not in declared:
            raise _no_such_environment(name, sorted(declared))
        if declared[name].archived:
            raise ToolkitError(
                f"environment '{name}' is archived", hint=f"toolkit env unarchive {name}", code="archived"
            )
    names = request.environments or tuple(name for name, one in declared.items() if not one.archived)
    return tuple(declared[name] for name in dict.fromkeys(names))


def _check_known(request: Request) -> None:
    """Names that are declared, archived ones too: of a deleted one `drift` speaks only when it is asked for all."""
    declared = [one.name for one in _declared(request.root)]
    for name in request.environments:
        if name not in declared:
            raise _no_such_environment(name, declared)


def _no_such_environment(name: str, known: Sequence[str]) -> NotFoundError:
    hints = [did_you_mean(name, known), f"there are: {', '.join(known)}" if known else "there is none"]
    return NotFoundError(f"there is no environment '{name}'", hint="; ".join(filter(None, hints)))


def _tools(root: Path, on_event: OnEvent) -> PulumiProgram:
    """Pulumi, and its docker plugin, which this root's own PULUMI_HOME may not have yet."""
    program = pulumi_source.find()
    home = pulumi_variables.home(root)
    airgapped.refresh(home)
    if airgapped.in_use(home) is None:
        docker_plugin.provide(program, home, on_event)
    return program


def _open(place: StackPlace, on_event: OnEvent) -> Stack:
    program = _tools(place.root, on_event)
    if airgapped.in_use(pulumi_variables.home(place.root)) == "air-gapped":
        on_event(Event(step="plugin", phase=Phase.NOTE, text="docker plugin: toolkit's own air-gapped one"))
    from toolkit.provision.stack import Stack

    return Stack.open(place, program, on_event)


def _provide_bases(request: Request, specs: Sequence[EnvironmentSpec], engine: Engine, on_event: OnEvent) -> None:
    from toolkit.provision.base_image import provide

    for declared in sorted({one.image.base for one in (*specs, builds.gateway_spec())}):
        base = provide(declared, engine, on_event, bootstrap=request.bootstrap)
        if base.bootstrapped:
            text = f"base image {declared}: its stand-in {base.reference} is used"
            on_event(Event(step="base image", phase=Phase.NOTE, text=text))


def _existing(request: Request, place: StackPlace, engine: Engine) -> set[str]:
    """Environments that have an image in the engine or in the stack's record."""
    there = {image.labels.get(labels.ENVIRONMENT, "") for image in _images_of(engine, _key(place))}
    record = stack_look.recorded_state(place)
    if record is not None:
        there |= set(record.images)
    elif place.backend is None:
        there |= {one.name for one in _declared(request.root) if not one.archived}
    return there - {""}


def _key(place: StackPlace) -> str:
    return identity.stack_key(backend=pulumi_variables.backend_url(place.root), project=place.project, stack=place.name)


def _images_of(engine: Engine, key: str, names: set[str] | None = None) -> list[EngineImage]:
    """Snapshots first: an image that others stand on cannot be removed."""
    ours = engine.images(labels={labels.STACK: key})
    found = [one for one in ours if names is None or one.labels.get(labels.ENVIRONMENT) in names]
    return sorted(found, key=lambda one: one.labels.get(labels.KIND) == labels.IMAGE_KIND)


def _remove(unwanted: Sequence[EngineImage], engine: Engine, on_event: OnEvent) -> None:
    for image in unwanted:
        for name in image.tags or (image.id,):
            try:
                engine.remove_image(name)
            except EngineError as error:
                text = f"image {name} stays in the engine: {error.message}"
                on_event(Event(step="remove", phase=Phase.WARNING, text=text))


def _refuse_while_in_use(request: Request, place: StackPlace, engine: Engine, names: Sequence[str]) -> None:
    """A container carries its image's labels, so those of the stack are found with one question."""
    using = sorted(
        one.labels.get(labels.SESSION) or one.name
        for one in engine.containers(labels={labels.KIND: "session", labels.STACK: _key(place)})
        if one.labels.get(labels.ENVIRONMENT) in names
    )
    if using and not request.force:
        raise ToolkitError(
            f"these images are in use by {', '.join(using)}",
            hint=f"toolkit rm {using[0]}; or --force, which leaves the images that are in use",
            code="in-use",
        )


def _change(name: str, action: Action) -> Change:
    return Change(environment=name, resource=IMAGE_TYPE, action=action)


def _outcome(request: Request, changes: tuple[Change, ...], built: tuple[BuiltImage, ...] = ()) -> Outcome:
    counted = Counter(one.action for one in changes)
    return Outcome(
        stack=request.stack, changes=changes, images=built, counts={one: counted.get(one, 0) for one in Action}
    )
