"""What Pulumi's file backend has on disk, read without starting Pulumi: a stack's images."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError
from toolkit.record import Record as Plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IMAGE_TYPE = "docker:index/image:Image"
DAMAGED = "state-damaged"


class RecordedImage(Plain):
    """An image as the stack's last deployment left it.

    `digest` (`sha256:…`) is the registry's where `pushed`, else the engine's id of the image; `arguments` those of its
    build.
    """

    environment: str
    reference: str
    digest: str
    platform: str
    arguments: Mapping[str, str]
    pushed: bool = False


class Record(Plain):
    """A stack's deployment; `interrupted` when operations were under way as it was last written."""

    images: Mapping[str, RecordedImage]
    interrupted: bool


def state_file(backend: Path, *, project: str, stack: str) -> Path:
    """Where the file backend has the stack's state, uncompressed."""
    return backend / ".pulumi" / "stacks" / project / f"{stack}.json"


def read(backend: Path, *, project: str, stack: str) -> Record | None:
    """The stack's record; None where there is none, or only a compressed one. Raises ToolkitError for a damaged one."""
    path = state_file(backend, project=project, stack=stack)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolkitError(
            f"the state of stack '{stack}' cannot be read: {path}: {error.strerror}", code=DAMAGED
        ) from error
    try:
        return of_deployment(json.loads(content)["checkpoint"].get("latest") or {})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(stack, str(path)) from error


def of_deployment(deployment: Mapping[str, Any]) -> Record:
    """The record of a deployment as Pulumi exports it; raises ValueError and its kin for anything else."""
    images = [_image(one) for one in deployment.get("resources") or () if one.get("type") == IMAGE_TYPE]
    interrupted = bool(deployment.get("pending_operations"))
    return Record(images={one.environment: one for one in images}, interrupted=interrupted)


def set_aside(backend: Path, *, project: str, stack: str) -> Path | None:
    """Move a damaged state away, beside itself; returns where it is now, None for one that is sound or not there."""
    path = state_file(backend, project=project, stack=stack)
    try:
        read(backend, project=project, stack=stack)
    except ToolkitError as error:
        if error.code != DAMAGED:
            raise
        kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        path.replace(kept)
        return kept
    return None


def damaged(stack: str, where: str) -> ToolkitError:
    return ToolkitError(
        f"the state of stack '{stack}' is damaged: {where}",
        hint="'toolkit up --adopt' sets it aside and makes the record anew from what the engine has",
        code=DAMAGED,
    )


def _image(resource: Mapping[str, Any]) -> RecordedImage:
    inputs, outputs = resource.get("inputs") or {}, resource.get("outputs") or {}
    build = inputs.get("build") or {}
    return RecordedImage(
        environment=resource["urn"].rpartition("::")[2],
        reference=inputs.get("imageName", ""),
        digest=(outputs.get("repoDigest") or "").rpartition("@")[2],
        platform=build.get("platform", ""),
        arguments=dict(build.get("args") or {}),
        pushed=not inputs.get("skipPush"),
    )
