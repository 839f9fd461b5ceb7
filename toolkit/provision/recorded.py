"""What Pulumi's file backend has on disk, read without starting Pulumi: a stack's images, and who holds its lock."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

IMAGE_TYPE = "docker:index/image:Image"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedImage:
    """An image as the stack's last deployment left it; `digest` is the local image id or the registry's digest."""

    environment: str
    reference: str
    digest: str
    platform: str
    arguments: Mapping[str, str]


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


def read(backend: Path, *, project: str, stack: str) -> Record | None:
    """The stack's record; None where there is none, or none that can be read here (compressed, damaged)."""
    path = backend / ".pulumi" / "stacks" / project / f"{stack}.json"
    try:
        latest = json.loads(path.read_bytes())["checkpoint"].get("latest") or {}
        images = [_image(one) for one in latest.get("resources") or () if one.get("type") == IMAGE_TYPE]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Record(images={one.environment: one for one in images}, interrupted=bool(latest.get("pending_operations")))


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
        digest=outputs.get("repoDigest", ""),
        platform=build.get("platform", ""),
        arguments=dict(build.get("args") or {}),
    )


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
