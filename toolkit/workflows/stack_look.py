"""A stack looked at from all sides, without Pulumi: declared, recorded, in the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.image import Action, BuiltImage, Change
from toolkit.model.image import Sides as ShownSides
from toolkit.provision import recorded
from toolkit.provision.assessment import Assessed, Sides, assess
from toolkit.provision.recorded import IMAGE_TYPE
from toolkit.record import Record as Plain
from toolkit.workflows import images

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.provision.place import StackPlace
    from toolkit.provision.plan import PlannedImage
    from toolkit.provision.recorded import Record
    from toolkit.workflows.images import StackImages


class Look(Plain):
    """`record` is None where there is none, or none that can be read without Pulumi; `names` empty: all.

    `gone`: environments whose recorded image is not in its registry any more.
    """

    place: StackPlace
    names: tuple[str, ...]
    record: Record | None
    images: StackImages
    assessed: tuple[Assessed, ...]
    gone: tuple[str, ...] = ()

    @property
    def planned(self) -> tuple[PlannedImage, ...]:
        return self.images.planned

    @property
    def settled(self) -> bool:
        """Nothing is to be done, so that Pulumi needs no start to say so."""
        if self.record is None or self.record.interrupted:
            return False
        return all(one.action is Action.SAME for one in self.assessed) and all(one.present for one in self.planned)

    @property
    def anew(self) -> tuple[str, ...]:
        """Environments whose images Pulumi must make anew, though it would see no change.

        The engine has something else under the image's name than the stack recorded, or the registry lost it.
        """
        return (*self.gone, *(one.environment for one in self.assessed if one.foreign))

    def changes(self) -> tuple[Change, ...]:
        return tuple(_change(one) for one in self.assessed)


def targets(names: Sequence[str]) -> tuple[str, ...]:
    """The resources that are asked for; sessions of any environment need the gateways' image too."""
    return (*names, labels.GATEWAY_NAME) if names else ()


def recorded_state(place: StackPlace) -> Record | None:
    """What can be read without Pulumi; raises ToolkitError for a damaged state."""
    if place.backend is None:
        return None
    return recorded.read(place.backend, project=place.project, stack=place.name)


def look(place: StackPlace, engine: Engine, record: Record | None, names: Sequence[str] = ()) -> Look:
    """Declarations, record, engine and registry as they are now."""
    known = record.images if record is not None else {}
    gone: tuple[str, ...] = ()
    if any(one.pushed for one in known.values()):
        from toolkit.workflows import pulling

        gone = pulling.gone(engine, record)
    platforms = {one.platform for one in known.values()}
    found = images.plan(
        place.root,
        engine,
        project=place.project,
        stack=place.name,
        known=known,
        names=names,
        anew=gone,
        # asking the engine takes longer than all other questions together
        platform=platforms.pop() if len(platforms) == 1 else "",
    )
    sides = Sides(
        planned=found.planned,
        recorded=known,
        there=found.there,
        named=_named(found, engine),
        deleted=_archived(place.root),
        gone=gone,
    )
    return Look(place=place, names=tuple(names), record=record, images=found, assessed=assess(sides, names), gone=gone)


def built(planned: Sequence[PlannedImage], look_: Look, engine: Engine) -> tuple[BuiltImage, ...]:
    """What `up` reports: the environments' images; EngineError for one, or the gateways', that is not there."""
    by_tag = {tag: image for image in look_.images.there for tag in image.tags}
    pushed = {name: one.digest for name, one in (look_.record.images if look_.record else {}).items() if one.pushed}
    found = []
    for one in planned:
        image = by_tag.get(one.reference) or engine.image(one.reference)
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
                digest=(pushed.get(one.environment) if one.push else "") or image.id,
                build=one.build[:SHOWN_DIGITS],
            )
        )
    return tuple(found)


def explained(changes: Sequence[Change], look_: Look) -> tuple[Change, ...]:
    """Pulumi's changes with our reasons, and the images that only the engine still has."""
    from dataclasses import replace  # slow to import, and nothing to explain is the common case

    known = {one.environment: one for one in look_.assessed}
    told = []
    for change in changes:
        assessed = known.pop(change.environment, None)
        if assessed is None or change.action is Action.SAME:
            told.append(change)
            continue
        reasons = assessed.reasons or ("its build context has changed",)
        told.append(replace(change, reasons=reasons, difference=assessed.difference))
    left = [_change(one) for one in known.values() if one.action is Action.DELETE and one.recorded is None]
    return tuple(sorted([*told, *left], key=lambda one: one.environment))


def _change(one: Assessed) -> Change:
    return Change(
        environment=one.environment,
        resource=IMAGE_TYPE,
        action=one.action,
        reasons=one.reasons,
        difference=one.difference,
        sides=ShownSides(
            declared=one.declared.build[:SHOWN_DIGITS] if one.declared else "",
            recorded=one.recorded.digest if one.recorded else "",
            engine=one.engine.id if one.engine else "",
        ),
    )


def _named(found: StackImages, engine: Engine) -> dict[str, EngineImage]:
    """What the engine has under the planned names, whoever made it."""
    named = {tag: image for image in found.there for tag in image.tags}
    for one in found.planned:
        if one.reference not in named:
            image = engine.image(one.reference)
            if image is not None:
                named[one.reference] = image
    return named


def _archived(root: Path) -> dict[str, str]:
    from toolkit.workflows.declarations import all_environments

    return {one.name: "the environment is archived" for one in all_environments(root) if one.archived}
