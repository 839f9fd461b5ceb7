"""The image of the sessions' gateways as a Pulumi resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from environment_image import image  # type: ignore[import-not-found]  # this folder is the program's own

from toolkit.model.environment import SHOWN_DIGITS

if TYPE_CHECKING:
    from toolkit.provision.plan import PlannedImage


def declare(planned: PlannedImage) -> None:
    """One `docker.Image`, and the output `gateway`: reference, digest, build."""
    pulumi.export(
        "gateway",
        {
            "reference": planned.reference,
            "digest": image(planned).repo_digest,
            "build": planned.build[:SHOWN_DIGITS],
        },
    )
