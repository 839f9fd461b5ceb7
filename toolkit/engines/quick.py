"""The engine with its quick questions asked by a plain socket: docker-py is imported when a call needs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from toolkit.engines import bodies, listing, streams
from toolkit.engines.base import EngineVersion
from toolkit.engines.docker import DockerEngine, client
from toolkit.engines.refusals import NOT_FOUND
from toolkit.engines.wire import quoted
from toolkit.errors import EngineError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.engines.base import ContainerRequest, EngineContainer, EngineImage, EngineNetwork, NetworkRequest
    from toolkit.engines.wire import Wire


class QuickEngine(DockerEngine):
    """Says the same as `DockerEngine`, by test; look-ups and what ends a container need no docker-py."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(client)
        self._wire = wire

    def version(self) -> EngineVersion:
        found, about = self._wire.get("/version"), self._wire.get("/info")
        return EngineVersion(
            version=found["Version"],
            api=found["ApiVersion"],
            architecture=found["Arch"],
            local=bool(self._wire.address.path),
            storage_driver=about.get("Driver", ""),
            backing_filesystem=listing.backing_filesystem(about),
        )

    def architecture(self) -> str:
        return str(self._wire.get("/version")["Arch"])

    def image(self, reference: str) -> EngineImage | None:
        found = self._if_known(f"/images/{quoted(reference)}/json")
        return None if found is None else listing.inspected_image(found)

    def images(self, *, labels: Mapping[str, str]) -> list[EngineImage]:
        return [listing.image(one) for one in self._wire.get("/images/json", filters=_by_label(labels))]

    def networks(self, *, labels: Mapping[str, str] | None = None) -> list[EngineNetwork]:
        return [listing.network(one) for one in self._wire.get("/networks", filters=_by_label(labels or {}))]

    def container(self, identity: str) -> EngineContainer | None:
        found = self._if_known(f"/containers/{quoted(identity)}/json")
        return None if found is None else listing.inspected_container(found)

    def containers(self, *, labels: Mapping[str, str]) -> list[EngineContainer]:
        found = self._wire.get("/containers/json", all="1", filters=_by_label(labels))
        return [listing.container(one) for one in found]

    def local(self) -> bool:
        return bool(self._wire.address.path)

    def create_network(self, request: NetworkRequest) -> str:
        return str(self._wire.post("/networks/create", bodies.network_body(request))["Id"])

    def connect_network(self, network: str, container: str, *, address: str = "") -> None:
        self._wire.post(f"/networks/{quoted(network)}/connect", bodies.connection_body(container, address=address))

    def create_volume(self, name: str, *, labels: Mapping[str, str]) -> None:
        self._wire.post("/volumes/create", {"Name": name, "Labels": dict(labels)})

    def create_container(self, request: ContainerRequest) -> str:
        made = self._wire.post("/containers/create", bodies.container_body(request), name=request.name)
        return str(made["Id"])

    def start_container(self, identity: str) -> None:
        self._wire.post(f"/containers/{quoted(identity)}/start")

    def kill_container(self, identity: str) -> None:
        self._wire.post(f"/containers/{quoted(identity)}/kill")

    def rename_container(self, identity: str, name: str) -> None:
        self._wire.post(f"/containers/{quoted(identity)}/rename", name=name)

    def remove_container(self, identity: str, *, force: bool = True) -> None:
        self._unless_gone(f"/containers/{quoted(identity)}", force=str(int(force)), v="1")

    def remove_network(self, identity: str) -> None:
        self._unless_gone(f"/networks/{quoted(identity)}")

    def put_archive(self, identity: str, folder: str, tar: bytes) -> None:
        self._wire.put(f"/containers/{quoted(identity)}/archive", tar, path=folder)

    def put_archive_stream(self, identity: str, folder: str, chunks: Iterator[bytes]) -> None:
        self._wire.put(f"/containers/{quoted(identity)}/archive", chunks, path=folder)

    def logs(self, identity: str, *, follow: bool) -> Iterator[bytes]:
        parameters = {"stdout": "1", "follow": "1"} if follow else {"stdout": "1"}
        stream = self._wire.stream(f"/containers/{quoted(identity)}/logs", endless=follow, **parameters)
        return streams.unframed(stream)

    def last_log(self, identity: str) -> bytes:
        stream = self._wire.stream(f"/containers/{quoted(identity)}/logs", stdout="1", tail="1")
        return b"".join(streams.unframed(stream))

    def get_archive(self, identity: str, path: str) -> Iterator[bytes]:
        try:
            return self._wire.stream(f"/containers/{quoted(identity)}/archive", path=path)
        except EngineError as error:
            if error.code == NOT_FOUND:
                raise NotFoundError(f"no {path} in container {identity[:12]}") from error
            raise

    def _if_known(self, path: str) -> Any:
        try:
            return self._wire.get(path)
        except EngineError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def _unless_gone(self, path: str, **parameters: str) -> None:
        try:
            self._wire.delete(path, **parameters)
        except EngineError as error:
            if error.code != NOT_FOUND:
                raise


def _by_label(labels: Mapping[str, str]) -> str:
    filters = listing.label_filters(labels)
    return json.dumps({"label": filters} if filters else {})
