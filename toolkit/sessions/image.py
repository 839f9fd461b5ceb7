"""The image that a session of an environment starts from, found by its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS

if TYPE_CHECKING:
    from toolkit.engines.base import Engine


def existing(engine: Engine, *, environment: str, build: str, kind: str = labels.IMAGE_KIND) -> str:
    """The id of the engine's image of this build (64 hex digits). `kind`: the gateways' image has one of its own.

    Raises:
        ToolkitError: there is none; the hint says how to have it.
    """
    shown = build[:SHOWN_DIGITS]
    found = engine.images(labels={labels.KIND: kind, labels.ENVIRONMENT: environment, labels.BUILD: shown})
    if not found and kind == labels.GATEWAY_KIND:
        raise ToolkitError(
            f"no image for this build of the gateways (build {shown})", hint="run `toolkit up`", code="no-image"
        )
    if not found:
        raise ToolkitError(
            f"no image for this build of '{environment}' (build {shown})",
            hint=f"run `toolkit up {environment}`",
            code="no-image",
        )
    # one without a name is an earlier making of the same build, on an earlier base
    return max(found, key=lambda one: bool(one.tags)).id
