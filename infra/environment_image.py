"""An environment's image as a Pulumi resource."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
import pulumi_docker as docker

from toolkit.model.environment import SHOWN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.provision.plan import PlannedImage


def declare(images: Sequence[PlannedImage]) -> None:
    """One `docker.Image` per environment, and the output `images`: environment → reference, digest, build."""
    pulumi.export(
        "images",
        {
            one.environment: {
                "reference": one.reference,
                "digest": image(one).repo_digest,
                "build": one.build[:SHOWN_DIGITS],
            }
            for one in images
        },
    )


def image(planned: PlannedImage) -> docker.Image:
    """Built on the engine; pushed where its name is a registry's, with the credentials of the docker config."""
    context = _from_here(planned.context)
    return docker.Image(
        planned.environment,
        image_name=planned.reference,
        build=docker.DockerBuildArgs(
            context=context,
            dockerfile=f"{context}/Dockerfile",
            args=dict(planned.arguments),
            platform=planned.platform,
        ),
        skip_push=not planned.push,
    )


def _from_here(context: Path) -> str:
    """Relative where this folder is the root's own, so that the state is the same wherever the checkout lies.

    Absolute for any other root, whose program may be started from more than one folder.
    """
    here = Path.cwd()
    is_own = here.parent == context.parents[2]  # <root>/.toolkit/contexts/<environment>
    return Path(os.path.relpath(context, here)).as_posix() if is_own else str(context)
