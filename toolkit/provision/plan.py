"""What the Pulumi program asks for: one image per environment, as plain values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.provision.context import BASE_DIGEST_ARGUMENT, GENERATION_ARGUMENT, RECIPE_ARGUMENT, STACK_ARGUMENT
from toolkit.provision.identity import image_reference
from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toolkit.engines.base import EngineImage
    from toolkit.model.image import BuildContext
    from toolkit.provision.context import Base
    from toolkit.provision.recorded import RecordedImage


class PlannedImage(Record):
    """An image that an environment needs.

    `context` is the folder that is built, `build` 64 hex digits, `arguments` the build arguments, `platform` such as
    linux/amd64. `present` says that the engine has this image, `bootstrapped` that its base is a stand-in, `push` that
    its reference names a registry to push it to.
    """

    environment: str
    reference: str
    build: str
    base: str
    bootstrapped: bool
    context: Path
    platform: str
    arguments: Mapping[str, str]
    present: bool
    push: bool = False


class Surroundings(Record):
    """What is the same for every image of a stack.

    `there`: what the engine has of it, by each of its names; `recorded`: the stack's record, by environment.
    `registry`: where images are pushed to; empty: they stay in the engine. `anew`: environments whose images are made
    anew, whatever is there.
    """

    key: str
    platform: str
    there: Mapping[str, EngineImage]
    recorded: Mapping[str, RecordedImage]
    registry: str = ""
    anew: Collection[str] = ()


def plan_image(
    context: BuildContext, base: Base, around: Surroundings, *, folder: Path, indexes: Mapping[str, str]
) -> PlannedImage:
    """The image of one context.

    Pulumi's own plugin never looks whether an image is still in the engine. So each making of an image carries a
    generation, as build argument and as label: the one that the engine's image has, or a new one where it is gone,
    which is a change that Pulumi sees.
    """
    reference = image_reference(
        key=around.key, environment=context.environment, build=context.build, registry=around.registry
    )
    present, made = _made(context, base, around, reference)
    return PlannedImage(
        environment=context.environment,
        reference=reference,
        build=context.build,
        base=context.base,
        bootstrapped=base.bootstrapped,
        context=folder,
        platform=around.platform,
        arguments={
            # in a registry the image may be another stack's: what it was made with says so
            STACK_ARGUMENT: made.get(labels.STACK) or around.key,
            GENERATION_ARGUMENT: made.get(labels.GENERATION) or os.urandom(4).hex(),
            RECIPE_ARGUMENT: context.recipe,
            BASE_DIGEST_ARGUMENT: base.digest or made.get(labels.BASE_DIGEST, ""),
            **indexes,
        },
        present=present,
        push=bool(around.registry),
    )


def _made(context: BuildContext, base: Base, around: Surroundings, reference: str) -> tuple[bool, Mapping[str, str]]:
    """Is the image in the engine, and with what labels was it made; none of them: it is to be made anew."""
    if context.environment in around.anew:
        return False, {}
    image, known = around.there.get(reference), around.recorded.get(context.environment)
    if image is None and known and known.pushed and known.reference == reference:
        return False, as_labels(known)  # the registry has it: an engine that lacks it pulls it
    if image is None or not is_made_as(image, context, base) or (known and is_foreign(image, reference, known)):
        return False, {}
    return True, image.labels


def is_made_as(image: EngineImage, context: BuildContext, base: Base) -> bool:
    """The labels say that this image was made for that environment, from that build, and from the base of today."""
    wanted = {
        labels.ENVIRONMENT: context.environment,
        labels.BUILD: context.build[:SHOWN_DIGITS],
        labels.BASE: context.base,
    }
    if not base.digest:  # the engine does not have the base: nothing is known against the image
        del wanted[labels.BASE]
    elif image.labels.get(labels.BASE_DIGEST):
        wanted[labels.BASE_DIGEST] = base.digest
    return all(image.labels.get(key) == value for key, value in wanted.items())


def as_labels(known: RecordedImage) -> dict[str, str]:
    """What a recorded image was labelled with by its build arguments."""
    meant = {
        labels.STACK: STACK_ARGUMENT,
        labels.GENERATION: GENERATION_ARGUMENT,
        labels.BASE_DIGEST: BASE_DIGEST_ARGUMENT,
    }
    return {label: known.arguments.get(argument, "") for label, argument in meant.items()}


def is_foreign(image: EngineImage | None, reference: str, recorded: RecordedImage) -> bool:
    """The engine has something under this name that is not what the stack recorded: retagged, or rebuilt by hand."""
    if image is None or recorded.reference != reference or not recorded.digest:
        return False
    if recorded.pushed:
        return recorded.digest not in {one.rpartition("@")[2] for one in image.digests}
    return image.id != recorded.digest


def of_environments(planned: Sequence[PlannedImage], names: Sequence[str]) -> tuple[PlannedImage, ...]:
    """Those of the named environments; all where no name is given."""
    return tuple(one for one in planned if not names or one.environment in names)
