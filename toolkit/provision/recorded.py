"""What Pulumi's file backend has on disk, read without starting Pulumi: a stack's images, and who holds its lock."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_TYPE = "docker:index/image:Image"
DAMAGED = "state-damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedImage:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A stack's deployment; `interrupted` when operations were under way as it was last written."""

    images: Mapping[str, RecordedImage]
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock of the file backend: the process that took it, and the file."""

    path: Path
    pid: int
    user: str
    host: str
    since: str

    @property
    def is_stale(self) -> bool:
        """Its process is gone. Only said of this machine's processes: another host's lock is never judged."""
        import socket

        if self.host != socket.gethostname() or self.pid <= 0:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return _is_zombie(self.pid)

    def __str__(self) -> str:
        since = f" since {self.since}" if self.since else ""
        return f"process {self.pid} of {self.user} on {self.host}{since}"


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


def locks(backend: Path, *, project: str, stack: str) -> tuple[Lock, ...]:
    """Every lock of the stack that can be read."""
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            body = json.loads(path.read_bytes())
            found.append(
                Lock(
                    path=path,
                    pid=int(body["pid"]),
                    user=str(body.get("username", "")),
                    host=str(body.get("hostname", "")),
                    since=str(body.get("timestamp", "")),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(found)


def drop_stale_locks(backend: Path, *, project: str, stack: str) -> tuple[Lock, ...]:
    """Remove the locks of processes that are gone; returns them. A live one is never touched."""
    stale = tuple(one for one in locks(backend, project=project, stack=stack) if one.is_stale)
    for one in stale:
        one.path.unlink(missing_ok=True)
    return stale


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


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
