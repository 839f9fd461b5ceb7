"""preview, up, destroy: from declarations to images in the engine, and back to nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.diagnostics import did_you_mean
from toolkit.errors import EngineError, NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action, BuiltImage, Change
from toolkit.model.provisioning import Outcome
from toolkit.provision import airgapped, docker_plugin, identity, pulumi_source, pulumi_variables, recorded
from toolkit.provision.recorded import IMAGE_TYPE
from toolkit.workflows import builds, images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.provision.place import StackPlace
    from toolkit.provision.plan import PlannedImage
    from toolkit.provision.pulumi_source import PulumiProgram
    from toolkit.provision.stack import Stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`environments` empty: all that are not archived. `bootstrap`: make a stand-in for a base that cannot be pulled.

    `force`: destroy although sessions use the images.
    """

    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK
    environments: tuple[str, ...] = ()
    bootstrap: bool = False
    force: bool = False


def preview(request: Request, on_event: OnEvent) -> Outcome:
    """What `up` would do; builds nothing."""
    engine = _connect()
    _check_names(request)
    place = _place(request)
    planned = _plan(request, place, engine)
    if _nothing_changes(request, place, planned):
        return _outcome(request, _all_same(planned))
    stack = _open(place, on_event)
    return _outcome(request, stack.preview(_targets(request)))


def up(request: Request, on_event: OnEvent) -> Outcome:
    """Build what is missing or changed; the images of all environments asked for are in the engine afterwards."""
    engine = _connect()
    specs = _check_names(request)
    _tools(request.root, on_event)
    _provide_bases(request, specs, engine, on_event)
    place = _place(request)
    planned = _plan(request, place, engine)
    if _nothing_changes(request, place, planned):
        return _outcome(request, _all_same(planned), _built(planned, engine))
    changes = _open(place, on_event).up(_targets(request))
    gone = {one.environment for one in changes if one.action is Action.DELETE}
    if gone:
        _remove(_images_of(engine, place, gone), engine, on_event)
    return _outcome(request, changes, _built(planned, engine))


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
    record = _record(place)
    if place.backend is None or (record is not None and names & set(record.images)):
        known = [name for name in request.environments if record is None or name in record.images]
        if known or not request.environments:
            _open(place, on_event).destroy(known)
    # The official plugin's delete does nothing, and earlier builds are in no record: the labels know them all.
    _remove(_images_of(engine, place, names), engine, on_event)
    return outcome


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
    images.refuse_unbuilt_settings(request.root)
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


def _plan(request: Request, place: StackPlace, engine: Engine) -> tuple[PlannedImage, ...]:
    return images.planned(request.root, engine, project=place.project, stack=place.name, names=request.environments)


def _provide_bases(request: Request, specs: Sequence[EnvironmentSpec], engine: Engine, on_event: OnEvent) -> None:
    from toolkit.provision.base_image import provide

    for declared in sorted({one.image.base for one in (*specs, builds.gateway_spec())}):
        base = provide(declared, engine, on_event, bootstrap=request.bootstrap)
        if base.bootstrapped:
            text = f"base image {declared}: its stand-in {base.reference} is used"
            on_event(Event(step="base image", phase=Phase.NOTE, text=text))


def _record(place: StackPlace) -> recorded.Record | None:
    if place.backend is None:
        return None
    return recorded.read(place.backend, project=place.project, stack=place.name)


def _nothing_changes(request: Request, place: StackPlace, planned: Sequence[PlannedImage]) -> bool:
    """The engine has every image, and the stack has recorded exactly these: Pulumi needs no start to say so."""
    record = _record(place)
    if record is None or record.interrupted:
        return False
    if not request.environments and set(record.images) != {one.environment for one in planned}:
        return False
    return all(one.present and _is_recorded(one, record) for one in planned)


def _is_recorded(planned: PlannedImage, record: recorded.Record) -> bool:
    known = record.images.get(planned.environment)
    return known is not None and (known.reference, known.platform, dict(known.arguments)) == (
        planned.reference,
        planned.platform,
        dict(planned.arguments),
    )


def _built(planned: Sequence[PlannedImage], engine: Engine) -> tuple[BuiltImage, ...]:
    """The environments' images as the engine has them; the gateways' is looked for too, though it is not listed."""
    found = []
    for one in planned:
        image = engine.image(one.reference)
        if image is None:
            raise EngineError(
                f"the image of environment '{one.environment}' was made, but the engine does not have {one.reference}",
                hint="do Pulumi and toolkit use the same engine? DOCKER_HOST and the docker context choose it",
            )
        if one.environment == labels.GATEWAY_NAME:
            continue
        found.append(
            BuiltImage(
                environment=one.environment,
                reference=one.reference,
                digest=image.id,
                build=one.build[:SHOWN_DIGITS],
            )
        )
    return tuple(found)


def _existing(request: Request, place: StackPlace, engine: Engine) -> set[str]:
    """Environments that have an image in the engine or in the stack's record."""
    there = {image.labels.get(labels.ENVIRONMENT, "") for image in _images_of(engine, place)}
    record = _record(place)
    if record is not None:
        there |= set(record.images)
    elif place.backend is None:
        there |= {one.name for one in _declared(request.root) if not one.archived}
    return there - {""}


def _key(place: StackPlace) -> str:
    return identity.stack_key(backend=pulumi_variables.backend_url(place.root), project=place.project, stack=place.name)


def _images_of(engine: Engine, place: StackPlace, names: set[str] | None = None) -> list[EngineImage]:
    return [
        image
        for image in engine.images(labels={labels.STACK: _key(place)})
        if names is None or image.labels.get(labels.ENVIRONMENT) in names
    ]


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


def _all_same(planned: Sequence[PlannedImage]) -> tuple[Change, ...]:
    return tuple(_change(one.environment, Action.SAME) for one in planned)


def _change(name: str, action: Action) -> Change:
    return Change(environment=name, resource=IMAGE_TYPE, action=action)


def _outcome(request: Request, changes: tuple[Change, ...], built: tuple[BuiltImage, ...] = ()) -> Outcome:
    counted = Counter(one.action for one in changes)
    return Outcome(
        stack=request.stack, changes=changes, images=built, counts={one: counted.get(one, 0) for one in Action}
    )
