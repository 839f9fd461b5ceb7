"""What the plugin does on the engine: build an image, look at it, remove it."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from docker import APIClient

OFFICIAL = "the official Pulumi docker plugin ('pulumi plugin install resource docker 5.1.0')"
_SUPPORTED = frozenset(
    "addHosts args builderVersion context contextDigest dockerfile network platform target".split()  # noqa: SIM905
)
_SILENT_SECONDS = 3600  # a build step may be quiet for long; the engine's answer to anything else comes at once
_TAIL_LINES = 20


class ImageError(Exception):
    """What the user reads: no traceback, no class name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """The inputs of one image with the official plugin's defaults; paths are relative to the program's folder."""

    name: str
    context: str = "."
    dockerfile: str = ""
    platform: str = ""
    target: str = ""
    network: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, str] = field(default_factory=dict)
    push: bool = False
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, inputs: Mapping[str, Any]) -> Build:
        """Raises ImageError for inputs that only the official plugin serves."""
        build = inputs.get("build") or {}
        foreign = sorted(set(build) - _SUPPORTED)
        if foreign:
            raise ImageError(f"the air-gapped docker plugin does not know build.{foreign[0]}: use {OFFICIAL}")
        context = build.get("context") or "."
        return cls(
            name=inputs["imageName"],
            context=context,
            dockerfile=build.get("dockerfile") or os.path.normpath(f"{context}/Dockerfile"),
            platform=build.get("platform") or "",
            target=build.get("target") or "",
            network=build.get("network") or "",
            arguments=build.get("args") or {},
            hosts=dict(one.partition(":")[::2] for one in build.get("addHosts") or ()),
            push=not inputs.get("skipPush"),
            credentials=inputs.get("registry") or {},
        )


def context_digest(build: Build) -> str:
    """SHA-256 over path, mode and content of all that is sent to the engine; ImageError where it cannot be read."""
    if not Path(build.dockerfile).is_file():
        raise ImageError(f"there is no Dockerfile at {build.dockerfile} (relative to {Path.cwd()})")
    total = hashlib.sha256()
    for name in sorted({*_sent(build), str(Path(build.dockerfile).resolve())}):
        path = Path(build.context) / name
        shown = os.path.relpath(path.absolute(), Path(build.context).absolute())
        total.update(json.dumps([shown, path.lstat().st_mode]).encode())
        total.update(_content(path))
    return total.hexdigest()


def base_of(build: Build) -> str:
    """The line that names the image it stands on; empty where there is none to be read."""
    try:
        lines = Path(build.dockerfile).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in lines if line.upper().startswith("FROM ")), "")


def connect() -> APIClient:
    """The engine that DOCKER_HOST or the docker context names."""
    import docker
    from docker.errors import DockerException

    from toolkit.engines.docker import client_arguments

    try:
        return docker.APIClient(version="auto", timeout=_SILENT_SECONDS, **client_arguments())
    except (DockerException, OSError) as error:
        raise ImageError(f"no container engine answers: {error}") from error


def make(build: Build, *, on_line: Callable[[str], None]) -> str:
    """Build with the engine's own builder, and push; ImageError carries the last lines.

    Returns the image's id, or `repository@sha256:…` as the registry has it.
    """
    client = connect()
    for line in _lines(client, build):
        on_line(line)
    found = inspect(client, build.name)
    if found is None:
        raise ImageError(f"the engine built {build.name} but does not have it")
    return _pushed(client, build, on_line=on_line) if build.push else str(found["Id"])


def _pushed(client: APIClient, build: Build, *, on_line: Callable[[str], None]) -> str:
    """Credentials are the program's where it gives any, else those of the docker config with its helpers."""
    from docker.errors import DockerException
    from docker.utils import parse_repository_tag

    repository = parse_repository_tag(build.name)[0]
    given = {key: build.credentials[key] for key in ("username", "password") if build.credentials.get(key)}
    on_line(f"pushing {build.name}")
    try:
        for message in client.push(build.name, stream=True, decode=True, auth_config=given or None):
            if "error" in message:
                raise ImageError(f"cannot push {build.name}: {str(message['error']).strip()}")
            if message.get("status") and not message.get("progress"):
                on_line(" ".join(str(message[key]) for key in ("id", "status") if message.get(key)))
    except (DockerException, OSError) as error:
        raise ImageError(f"cannot push {build.name}: {getattr(error, 'explanation', None) or error}") from error
    found = inspect(client, build.name) or {}
    for digest in found.get("RepoDigests") or ():
        if digest.startswith(f"{repository}@"):
            return str(digest)
    raise ImageError(f"the engine pushed {build.name} but knows no digest of it")


def inspect(client: APIClient, name: str) -> Mapping[str, Any] | None:
    from docker.errors import ImageNotFound

    try:
        found: Mapping[str, Any] = client.inspect_image(name)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None
    return found


def remove(name: str) -> str:
    """Untag, and remove with the last tag; returns why it stays where a container uses it, else an empty string."""
    from docker.errors import APIError, ImageNotFound

    client = connect()
    try:
        client.remove_image(name)
    except ImageNotFound:
        return ""
    except APIError as error:
        if error.status_code == 409:
            return str(error.explanation)
        if inspect(client, name) is None:
            return ""  # removed all the same: two removals at once met at a layer that the images share
        raise ImageError(f"cannot remove {name}: {error.explanation}") from error
    return ""


def _lines(client: APIClient, build: Build) -> Iterator[str]:
    """The build's output line by line; ImageError at the line where it breaks."""
    from docker.errors import APIError, DockerException

    dockerfile = os.path.relpath(build.dockerfile, build.context)
    last: list[str] = []
    try:
        answer = client.build(
            path=build.context,
            dockerfile=dockerfile if not dockerfile.startswith("..") else str(Path(build.dockerfile).absolute()),
            tag=build.name,
            buildargs=dict(build.arguments),
            platform=build.platform or None,
            target=build.target,
            network_mode=build.network or None,
            extra_hosts=dict(build.hosts) or None,
            rm=True,
            forcerm=True,
            decode=True,
        )
        for line in whole_lines(answer):
            last = [*last[1 - _TAIL_LINES :], line]
            yield line
    except ImageError as error:
        raise ImageError("\n".join([*last, str(error)])) from error
    except APIError as error:
        raise ImageError(f"the engine refused to build {build.name}: {error.explanation}") from error
    except (DockerException, OSError) as error:
        raise ImageError("\n".join([*last, f"the engine was lost while it built {build.name}: {error}"])) from error


def whole_lines(answer: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What a builder says, line by line and without blank ones: it sends what comes, often a line in several pieces.

    Raises ImageError with its last word where it breaks.
    """
    rest = ""
    for message in answer:
        rest += str(message.get("stream") or "").replace("\r", "\n")
        *whole, rest = rest.split("\n")
        if message.get("status") or "error" in message:
            whole, rest = [*whole, rest, str(message.get("status") or "")], ""
        yield from (line.rstrip() for line in whole if line.strip())
        if "error" in message:
            raise ImageError(str(message["error"]).strip())
    if rest.strip():
        yield rest.rstrip()


def _sent(build: Build) -> set[str]:
    from docker.utils.build import exclude_paths

    ignore = Path(build.context) / ".dockerignore"
    patterns = ignore.read_text().splitlines() if ignore.is_file() else []
    kept = [one.strip() for one in patterns if one.strip() and not one.startswith("#")]
    found: set[str] = set(exclude_paths(build.context, kept, dockerfile=build.dockerfile))
    return found


def _content(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return hashlib.sha256(os.fsencode(path.readlink())).digest()
        return hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
