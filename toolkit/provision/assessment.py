"""What is declared beside what the stack recorded and what the engine has: what differs, and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.image import Action
from toolkit.provision import recipe
from toolkit.provision.context import (
    BASE_DIGEST_ARGUMENT,
    GENERATION_ARGUMENT,
    INDEX_ARGUMENTS,
    RECIPE_ARGUMENT,
    STACK_ARGUMENT,
)
from toolkit.provision.plan import is_foreign
from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from toolkit.engines.base import EngineImage
    from toolkit.provision.plan import PlannedImage
    from toolkit.provision.recorded import RecordedImage

_SHORT = len("sha256:") + SHOWN_DIGITS


class Assessed(Record):
    """An environment's image on all three sides, None where a side has none; `reasons` say why `action` is due.

    `foreign`: the engine's image is not the recorded one. `difference`: the two recipes line by line, as `diff -u` has
    it.
    """

    environment: str
    action: Action
    reasons: tuple[str, ...] = ()
    difference: tuple[str, ...] = ()
    declared: PlannedImage | None = None
    recorded: RecordedImage | None = None
    engine: EngineImage | None = None
    foreign: bool = False


class Sides(Record):
    """`there`: the engine's images of the stack; `named`: the engine's images by the names that are planned, whoever
    made them; `deleted`: why an environment is not declared any more (archived, or gone from the folder); `gone`: whose
    recorded images the registry lost.
    """

    planned: Sequence[PlannedImage]
    recorded: Mapping[str, RecordedImage]
    there: Sequence[EngineImage]
    named: Mapping[str, EngineImage]
    deleted: Mapping[str, str]
    gone: Collection[str] = ()


def assess(sides: Sides, names: Sequence[str] = ()) -> tuple[Assessed, ...]:
    """Every environment of any side, by name; only the named ones where names are given."""
    planned = {one.environment: one for one in sides.planned}
    in_engine: dict[str, EngineImage] = {}
    for image in sides.there:
        in_engine.setdefault(image.labels.get(labels.ENVIRONMENT, ""), image)
    known = {*planned, *sides.recorded, *in_engine} - {""}
    found = []
    for name in sorted(known if not names else known & set(names)):
        if name in planned:
            found.append(_declared(planned[name], sides))
        else:
            found.append(_undeclared(name, sides, in_engine.get(name)))
    return tuple(found)


def _declared(planned: PlannedImage, sides: Sides) -> Assessed:
    known = sides.recorded.get(planned.environment)
    image = sides.named.get(planned.reference)
    foreign = known is not None and is_foreign(image, planned.reference, known)
    reasons = tuple(_reasons(planned, known, image, foreign=foreign, gone=sides.gone))
    action = Action.SAME
    if known is None:
        action = Action.CREATE
    elif reasons:
        action = Action.UPDATE
    return Assessed(
        environment=planned.environment,
        action=action,
        reasons=reasons,
        difference=_difference(planned, known) if reasons else (),
        declared=planned,
        recorded=known,
        engine=image,
        foreign=foreign,
    )


def _undeclared(name: str, sides: Sides, image: EngineImage | None) -> Assessed:
    reason = sides.deleted.get(name, "the environment is not declared any more")
    known = sides.recorded.get(name)
    left = "" if known is not None else "; the stack has no record of the image"
    return Assessed(environment=name, action=Action.DELETE, reasons=(reason + left,), recorded=known, engine=image)


def _reasons(
    planned: PlannedImage,
    known: RecordedImage | None,
    image: EngineImage | None,
    *,
    foreign: bool,
    gone: Collection[str],
) -> Iterator[str]:
    if known is None:
        yield "the stack has no record of it, but the engine has the image" if planned.present else "not built yet"
        return
    told = [
        *_changes(planned, known),
        *(["the image is gone from the registry"] if planned.environment in gone else []),
    ]
    yield from told
    if known.reference != planned.reference:
        return  # another image: what the engine has under the new name says nothing about the old one
    if image is None:
        if not planned.push:
            yield "the image is gone from the engine"
    elif foreign:
        yield f"the engine has another image under its name: {image.id[:_SHORT]} instead of {known.digest[:_SHORT]}"
    elif not told and not planned.present and not _keeps_generation(planned, known):
        yield "the engine has an image of another origin under its name"


def _keeps_generation(planned: PlannedImage, known: RecordedImage) -> bool:
    return planned.arguments.get(GENERATION_ARGUMENT) == known.arguments.get(GENERATION_ARGUMENT)


def _changes(planned: PlannedImage, known: RecordedImage) -> Iterator[str]:
    """What of the build differs from the recorded one."""
    old, new = known.arguments, planned.arguments
    before, after = recipe.read(old.get(RECIPE_ARGUMENT, "")), recipe.read(new.get(RECIPE_ARGUMENT, ""))
    told = recipe.differences(before, after) if before is not None and after is not None else ()
    yield from told
    if known.reference != planned.reference and not told:
        yield f"another build: {known.reference.rpartition(':')[2]} → {planned.build[:SHOWN_DIGITS]}"
    was, now = old.get(BASE_DIGEST_ARGUMENT, ""), new.get(BASE_DIGEST_ARGUMENT, "")
    if was and now and was != now and not (before and after and before.base != after.base):
        yield f"base image has a new digest: {was[:_SHORT] or 'none'} → {now[:_SHORT] or 'none'}"
    if known.platform != planned.platform:
        yield f"platform: {known.platform} → {planned.platform}"
    for manager, argument in INDEX_ARGUMENTS.items():
        if old.get(argument) != new.get(argument):
            yield f"{manager}'s package index: {old.get(argument) or 'none'} → {new.get(argument) or 'none'}"
    if old.get(STACK_ARGUMENT) != new.get(STACK_ARGUMENT) and not planned.push:  # a registry's images are shared
        yield "the stack's state has moved"
    if known.pushed != planned.push:
        yield "images are pushed to a registry now" if planned.push else "images stay in the engine now"
    if (before is None) != (after is None):
        yield "the record is of an older version of toolkit"


def _difference(planned: PlannedImage, known: RecordedImage | None) -> tuple[str, ...]:
    import difflib

    old = recipe.lines(recipe.read(known.arguments.get(RECIPE_ARGUMENT, "")) if known is not None else None)
    new = recipe.lines(recipe.read(planned.arguments.get(RECIPE_ARGUMENT, "")))
    before = f"recorded {known.reference}" if known is not None else "recorded nothing"
    return tuple(difflib.unified_diff(old, new, before, f"declared {planned.reference}", n=99, lineterm=""))
