"""The Docker Engine, 20.10 (API 1.41) and newer: the only importer of docker."""

from __future__ import annotations

import math
import os
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from toolkit.engines import bodies, listing
from toolkit.engines.base import (
    ContainerRequest,
    EngineContainer,
    EngineImage,
    EngineNetwork,
    EngineVersion,
    EngineVolume,
    ExecResult,
    NetworkRequest,
)
from toolkit.engines.refusals import NOT_FOUND, cause, patience, refusals, unreachable
from toolkit.errors import EngineError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from docker import APIClient

_CALL_SECONDS = 60
_IMPORT_SECONDS = 600
_IMPORT_CHUNK = 1 << 20
_NOT_IN_REGISTRY = ("manifest unknown", "name unknown", "not found")
_COMMIT_SECONDS = 900
# The engine would take ctrl-p ctrl-q for itself, and leave the command running for nobody; it knows no "none".
_NO_DETACHING = ",".join(["ctrl-^"] * 8)
_DEFAULT_ADDRESS = "unix:///var/run/docker.sock"


def connect() -> DockerEngine:
    """The engine that DOCKER_HOST or the docker context names; EngineError where none answers."""
    made = client()
    return DockerEngine(lambda: made)


def client() -> APIClient:
    """docker-py's own; EngineError where no engine answers."""
    import docker
    from docker.errors import DockerException

    where = os.environ.get("DOCKER_HOST") or _DEFAULT_ADDRESS
    try:
        address = client_arguments()
        where = address.get("base_url") or where
        _knock(where)
        return docker.APIClient(version="auto", timeout=_CALL_SECONDS, **address)
    except (DockerException, OSError) as error:
        raise unreachable(where, cause(error)) from error


def _knock(address: str) -> None:
    """OSError where no socket listens: docker-py would say so in three nested exceptions, and leave a socket open."""
    scheme, _, path = address.partition("://")
    if scheme not in {"unix", "http+unix"}:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        plug.settimeout(_CALL_SECONDS)
        plug.connect("/" + path.lstrip("/"))


def client_arguments() -> dict[str, Any]:
    """How docker-py is to reach the engine: DOCKER_HOST and its companions, else the current docker context."""
    from docker.utils import kwargs_from_env

    if os.environ.get("DOCKER_HOST"):
        return dict(kwargs_from_env())
    from docker.context import ContextAPI

    context = ContextAPI.get_current_context()
    if context is None or not context.Host:
        return {}
    host = context.Host.replace("http+unix://", "unix://")
    return {"base_url": host, **({"tls": context.TLSConfig} if context.TLSConfig else {})}


class DockerEngine:
    """`Engine` on docker-py's low-level client, which is safe to share between threads for these calls.

    `connected` is called when the first call needs it.
    """

    def __init__(self, connected: Callable[[], APIClient]) -> None:
        self._connected = connected
        self._connecting = threading.Lock()
        self._connection: APIClient | None = None

    @property
    def _client(self) -> APIClient:
        with self._connecting:
            if self._connection is None:
                self._connection = self._connected()
            return self._connection

    def version(self) -> EngineVersion:
        with refusals():
            found = self._client.version()
            about = self._client.info()
        return EngineVersion(
            version=found["Version"],
            api=found["ApiVersion"],
            architecture=found["Arch"],
            local=self.local(),
            storage_driver=about.get("Driver", ""),
            backing_filesystem=listing.backing_filesystem(about),
        )

    # images

    def local(self) -> bool:
        return bool(self._client.base_url.startswith("http+docker://"))

    def architecture(self) -> str:
        return self.version().architecture

    def image(self, reference: str) -> EngineImage | None:
        from docker.errors import ImageNotFound

        with refusals():
            try:
                found = self._client.inspect_image(reference)  # type: ignore[no-untyped-call]
            except ImageNotFound:
                return None
        return listing.inspected_image(found)

    def images(self, *, labels: Mapping[str, str]) -> list[EngineImage]:
        with refusals():
            found = self._client.images(filters={"label": listing.label_filters(labels)})
        return [listing.image(one) for one in found]

    def pull(self, reference: str, *, on_line: Callable[[str], None]) -> None:
        with refusals():
            for message in self._client.pull(reference, stream=True, decode=True):
                if "error" in message:
                    raise EngineError(f"cannot pull {reference}: {message['error']}")
                on_line(" ".join(str(message[key]) for key in ("id", "status", "progress") if message.get(key)))

    def in_registry(self, reference: str) -> bool:
        try:
            with refusals():
                self._client.inspect_distribution(reference)  # type: ignore[no-untyped-call]
        except EngineError as error:
            if error.code == NOT_FOUND or any(word in error.message for word in _NOT_IN_REGISTRY):
                return False
            raise
        return True

    def import_image(self, tarball: Path, *, reference: str, labels: Mapping[str, str]) -> str:
        changes = [f'LABEL "{key}"="{value}"' for key, value in labels.items()]
        repository, _, tag = reference.rpartition(":")
        with refusals(), patience(self._client, _IMPORT_SECONDS), tarball.open("rb") as stream:
            # docker-py announces chunks, which requests only sends from an iterator: a file would go out as it is
            chunks = iter(partial(stream.read, _IMPORT_CHUNK), b"")
            self._client.import_image_from_stream(chunks, repository=repository, tag=tag, changes=changes)
        made = self.image(reference)
        if made is None:
            raise EngineError(f"the engine took {tarball.name} but has no image {reference}")
        return made.id

    def tag_image(self, reference: str, new_reference: str) -> None:
        repository, _, tag = new_reference.rpartition(":")
        with refusals():
            self._client.tag(reference, repository, tag)

    def remove_image(self, reference: str, *, force: bool = False) -> None:
        from docker.errors import ImageNotFound

        with refusals():
            try:
                self._client.remove_image(reference, force=force)
            except ImageNotFound:
                return

    def commit(self, identity: str, *, reference: str, labels: Mapping[str, str]) -> str:
        repository, _, tag = reference.rpartition(":")
        changes = [f'LABEL "{key}"="{value}"' for key, value in labels.items()]
        with refusals(), patience(self._client, _COMMIT_SECONDS):
            made = self._client.commit(identity, repository=repository, tag=tag, changes=changes)
        return str(made["Id"])

    # networks

    def create_network(self, request: NetworkRequest) -> str:
        body = bodies.network_body(request)
        with refusals():
            made = self._client.create_network(
                request.name,
                driver=body["Driver"],
                internal=body["Internal"],
                enable_ipv6=body["EnableIPv6"],
                options=body["Options"],
                ipam=body["IPAM"],
                labels=body["Labels"],
                check_duplicate=body["CheckDuplicate"],
            )
        return str(made["Id"])

    def networks(self, *, labels: Mapping[str, str] | None = None) -> list[EngineNetwork]:
        filters = {"label": listing.label_filters(labels)} if labels else None
        with refusals():
            found = self._client.networks(filters=filters)
        return [listing.network(one) for one in found]

    def remove_network(self, identity: str) -> None:
        from docker.errors import NotFound

        with refusals():
            try:
                self._client.remove_network(identity)
            except NotFound:
                return

    def connect_network(self, network: str, container: str, *, address: str = "") -> None:
        with refusals():
            self._client.connect_container_to_network(container, network, ipv4_address=address or None)

    # volumes

    def create_volume(self, name: str, *, labels: Mapping[str, str]) -> None:
        with refusals():
            self._client.create_volume(name, labels=dict(labels))

    def volumes(self, *, labels: Mapping[str, str]) -> list[EngineVolume]:
        with refusals():
            found = self._client.volumes(filters={"label": listing.label_filters(labels)})
        return [EngineVolume(name=one["Name"], labels=one.get("Labels") or {}) for one in found["Volumes"] or ()]

    def remove_volume(self, name: str) -> None:
        from docker.errors import NotFound

        with refusals():
            try:
                self._client.remove_volume(name)
            except NotFound:
                return

    # containers

    def create_container(self, request: ContainerRequest) -> str:
        with refusals():
            body = bodies.container_body(request)
            made = self._client.create_container_from_config(body, name=request.name)  # type: ignore[no-untyped-call]
        return str(made["Id"])

    def start_container(self, identity: str) -> None:
        with refusals():
            self._client.start(identity)

    def stop_container(self, identity: str, *, seconds: int) -> None:
        with refusals():
            self._client.stop(identity, timeout=seconds)

    def kill_container(self, identity: str) -> None:
        with refusals():
            self._client.kill(identity)

    def rename_container(self, identity: str, name: str) -> None:
        with refusals():
            self._client.rename(identity, name)

    def remove_container(self, identity: str, *, force: bool = True) -> None:
        from docker.errors import NotFound

        with refusals():
            try:
                self._client.remove_container(identity, force=force, v=True)
            except NotFound:
                return

    def container(self, identity: str) -> EngineContainer | None:
        from docker.errors import NotFound

        with refusals():
            try:
                found = self._client.inspect_container(identity)
            except NotFound:
                return None
        return listing.inspected_container(found)

    def containers(self, *, labels: Mapping[str, str]) -> list[EngineContainer]:
        with refusals():
            found = self._client.containers(all=True, filters={"label": listing.label_filters(labels)})
        return [listing.container(one) for one in found]

    def put_archive(self, identity: str, folder: str, tar: bytes) -> None:
        with refusals():
            self._client.put_archive(identity, folder, tar)

    def put_archive_stream(self, identity: str, folder: str, chunks: Iterator[bytes]) -> None:
        with refusals():
            self._client.put_archive(identity, folder, chunks)

    def get_archive(self, identity: str, path: str) -> Iterator[bytes]:
        from docker.errors import NotFound

        with refusals():
            try:
                chunks, _about = self._client.get_archive(identity, path)
            except NotFound as error:
                raise NotFoundError(f"no {path} in container {identity[:12]}") from error
            return cast("Iterator[bytes]", chunks)

    def logs(self, identity: str, *, follow: bool) -> Iterator[bytes]:
        with refusals():
            stream = self._client.logs(identity, stdout=True, stderr=False, stream=True, follow=follow)
            yield from stream

    def last_log(self, identity: str) -> bytes:
        with refusals():
            return bytes(self._client.logs(identity, stdout=True, stderr=False, stream=False, tail=1))

    def wait_container(self, identity: str, *, timeout: float) -> int:
        import requests

        with refusals():
            try:
                return int(self._client.wait(identity, timeout=math.ceil(timeout))["StatusCode"])
            except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError) as error:
                if "timed out" in str(error).lower():
                    raise TimeoutError(f"container {identity[:12]} still runs after {timeout:g} s") from error
                raise

    def execute(
        self, identity: str, command: Sequence[str], *, environment: Mapping[str, str], timeout: float
    ) -> ExecResult:
        with refusals(), patience(self._client, timeout):
            made = self._client.exec_create(identity, list(command), environment=dict(environment))
            out, err = self._client.exec_start(made["Id"], demux=True)
            code = self._client.exec_inspect(made["Id"])["ExitCode"]
        return ExecResult(exit_code=int(code or 0), stdout=out or b"", stderr=err or b"")

    def attach_exec(
        self,
        identity: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        terminal: bool,
        on_signal: Callable[[int], bool] | None = None,
    ) -> int:
        from toolkit.engines import streams

        with refusals():
            made = self._client.exec_create(
                identity,
                list(command),
                stdin=True,
                tty=terminal,
                environment=dict(environment),
                detach_keys=_NO_DETACHING,
            )["Id"]
            connection = self._client.exec_start(made, tty=terminal, socket=True)
            plug = cast("socket.socket", getattr(connection, "_sock", connection))
            if terminal:
                streams.join_terminal(plug, lambda rows, columns: self._client.exec_resize(made, rows, columns))
            else:
                with streams.passing_signals(on_signal):
                    streams.join_pipes(plug)
            return self._exit_code(made)

    def _exit_code(self, made: str) -> int:
        """The engine may say a moment later than the stream's end that the process has ended."""
        for _ in range(100):
            code = self._client.exec_inspect(made)["ExitCode"]
            if code is not None:
                return int(code)
            time.sleep(0.05)
        raise EngineError("the command's output ended, but the engine has no exit code for it")
