"""What the Pulumi program asks for: one image per environment, as plain values."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.provision.context import GENERATION_ARGUMENT, STACK_ARGUMENT
from toolkit.provision.identity import image_reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.image import BuildContext


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedImage:
    """An image that an environment needs.

    `context` is the folder that is built, `build` 64 hex digits, `arguments` the build arguments, `platform` such as
    linux/amd64. `present` says that the engine has this image, `bootstrapped` that its base is a stand-in.
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


def images_of_stack(engine: Engine, key: str) -> dict[str, EngineImage]:
    """What the engine has of this stack, by each of its names; images without a name are left out."""
    return {tag: image for image in engine.images(labels={labels.STACK: key}) for tag in image.tags}


def plan_image(
    context: BuildContext,
    *,
    folder: Path,
    key: str,
    bootstrapped: bool,
    platform: str,
    there: Mapping[str, EngineImage],
    indexes: Mapping[str, str],
) -> PlannedImage:
    """The image of one context.

    Pulumi's own plugin never looks whether an image is still in the engine. So each making of an image carries a
    generation, as build argument and as label: the one that the engine's image has, or a new one where it is gone,
    which is a change that Pulumi sees.
    """
    reference = image_reference(key=key, environment=context.environment, build=context.build)
    image = there.get(reference)
    present = image is not None and is_made_as(image, context)
    generation = image.labels.get(labels.GENERATION, "") if image is not None and present else ""
    return PlannedImage(
        environment=context.environment,
        reference=reference,
        build=context.build,
        base=context.base,
        bootstrapped=bootstrapped,
        context=folder,
        platform=platform,
        arguments={
            STACK_ARGUMENT: key,
            GENERATION_ARGUMENT: generation or secrets.token_hex(4),
            **indexes,
        },
        present=present,
    )


def is_made_as(image: EngineImage, context: BuildContext) -> bool:
    """The labels say that this image was made for that environment, from that build and base."""
    wanted = {
        labels.ENVIRONMENT: context.environment,
        labels.BUILD: context.build[:SHOWN_DIGITS],
        labels.BASE: context.base,
    }
    return all(image.labels.get(key) == value for key, value in wanted.items())


def of_environments(planned: Sequence[PlannedImage], names: Sequence[str]) -> tuple[PlannedImage, ...]:
    """Those of the named environments; all where no name is given."""
    return tuple(one for one in planned if not names or one.environment in names)
