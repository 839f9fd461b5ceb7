"""What the product needs of a container engine; `docker.py` is the real one.

Everything is found by label, never by name. Every call is bounded in time and raises EngineError when the
engine refuses or is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path


_NONE: Mapping[str, str] = {}


class EngineVersion(Record):
    """`version` such as 20.10.24, `api` such as 1.41, `architecture` such as amd64, `local`: on this machine.

    `storage_driver` such as overlay2, `backing_filesystem` such as extfs, where the engine says it.
    """

    version: str
    api: str
    architecture: str
    local: bool
    storage_driver: str = ""
    backing_filesystem: str = ""


class EngineImage(Record):
    """An image as the engine lists it; `size` in bytes."""

    id: str
    tags: tuple[str, ...]
    digests: tuple[str, ...]
    labels: Mapping[str, str]
    size: int = 0


class NetworkRequest(Record):
    """A bridge network on an explicit IPv4 subnet.

    `internal`: without any host address on it, and no way out. Else it leads outside, and its containers do not
    reach each other.
    """

    name: str
    subnet: str
    labels: Mapping[str, str]
    internal: bool = True


class EngineVolume(Record):
    name: str
    labels: Mapping[str, str]


class VolumeMount(Record):
    """A volume of the engine at `target`; an empty `name` is one of the container's own, which goes with it."""

    target: str
    name: str = ""
    read_only: bool = False


class EngineNetwork(Record):
    id: str
    name: str
    subnets: tuple[str, ...]
    labels: Mapping[str, str]
    containers: int = 0


class ContainerRequest(Record):
    """A container to create. Memory and disk in bytes, `cpus` in CPUs; `network` empty: no network at all.

    `mounts` are pairs of a host's path and a path inside, read-only; `writable_mounts` are such pairs too, writable.
    `tmpfs` is path → mount options. `log_bytes` is how much of its output the engine keeps, in up to `log_files` files
    of equal size; None: all of it.
    """

    name: str
    image: str
    command: Sequence[str]
    labels: Mapping[str, str]
    entrypoint: Sequence[str] = ()
    environment: Mapping[str, str] = _NONE
    working_dir: str = ""
    user: str = ""
    network: str = ""
    address: str = ""
    dns: Sequence[str] = ()
    mounts: Sequence[tuple[str, str]] = ()
    writable_mounts: Sequence[tuple[str, str]] = ()
    volumes: Sequence[VolumeMount] = ()
    tmpfs: Mapping[str, str] = _NONE
    sysctls: Mapping[str, str] = _NONE
    cap_add: Sequence[str] = ()
    pids: int | None = None
    disk: int | None = None
    memory: int | None = None
    cpus: float | None = None
    read_only: bool = False
    log_bytes: int | None = None
    log_files: int = 2


class EngineContainer(Record):
    """A container as the engine lists it; `status` is created, running, paused, exited, dead …"""

    id: str
    name: str
    image: str
    status: str
    labels: Mapping[str, str]
    created: str
    exit_code: int | None = None
    started: str = ""
    finished: str = ""
    out_of_memory: bool = False


class ExecResult(Record):
    exit_code: int
    stdout: bytes
    stderr: bytes


class Engine(Protocol):
    """The engine's side of a session and of an image."""

    def version(self) -> EngineVersion: ...
    def local(self) -> bool:
        """Whether the engine runs on this machine, as far as its address tells."""
        ...

    def architecture(self) -> str:
        """`version().architecture`, in less time."""
        ...

    # images
    def image(self, reference: str) -> EngineImage | None: ...
    def images(self, *, labels: Mapping[str, str]) -> list[EngineImage]:
        """Images that carry all `labels`; an empty value asks only for the key."""
        ...

    def pull(self, reference: str, *, on_line: Callable[[str], None]) -> None: ...
    def in_registry(self, reference: str) -> bool:
        """Its registry has it, by tag or digest; EngineError where the registry does not answer or refuses."""
        ...

    def import_image(self, tarball: Path, *, reference: str, labels: Mapping[str, str]) -> str:
        """Make an image from a root filesystem's tarball; returns its id."""
        ...

    def tag_image(self, reference: str, new_reference: str) -> None: ...
    def remove_image(self, reference: str, *, force: bool = False) -> None:
        """Untag, and remove when that was the last tag; an image that is gone is fine.

        `force`: untag also what a running container uses; the image stays, without a name, for as long as it is used.
        """
        ...

    def commit(self, identity: str, *, reference: str, labels: Mapping[str, str]) -> str:
        """Keep a container's filesystem as an image with these labels beside its base's own; returns its id."""
        ...

    # networks
    def create_network(self, request: NetworkRequest) -> str: ...
    def networks(self, *, labels: Mapping[str, str] | None = None) -> list[EngineNetwork]: ...
    def remove_network(self, identity: str) -> None:
        """Idempotent."""
        ...

    def connect_network(self, network: str, container: str, *, address: str = "") -> None:
        """Join a container that has not started yet to one more network."""
        ...

    # volumes
    def create_volume(self, name: str, *, labels: Mapping[str, str]) -> None:
        """Idempotent: one of this name that is there stays as it is."""
        ...

    def volumes(self, *, labels: Mapping[str, str]) -> list[EngineVolume]: ...
    def remove_volume(self, name: str) -> None:
        """Idempotent; EngineError while a container uses it."""
        ...

    # containers
    def create_container(self, request: ContainerRequest) -> str: ...
    def start_container(self, identity: str) -> None: ...
    def stop_container(self, identity: str, *, seconds: int) -> None: ...
    def kill_container(self, identity: str) -> None: ...
    def rename_container(self, identity: str, name: str) -> None:
        """EngineError where a container has the name already, be it this one."""
        ...

    def remove_container(self, identity: str, *, force: bool = True) -> None:
        """With its anonymous volumes; idempotent. Without `force` a running one stays, with EngineError."""
        ...

    def container(self, identity: str) -> EngineContainer | None: ...
    def containers(self, *, labels: Mapping[str, str]) -> list[EngineContainer]:
        """Running or not; without start and finish times (only `container` has those)."""
        ...

    def put_archive(self, identity: str, folder: str, tar: bytes) -> None: ...
    def put_archive_stream(self, identity: str, folder: str, chunks: Iterator[bytes]) -> None: ...
    def get_archive(self, identity: str, path: str) -> Iterator[bytes]:
        """The path as a tar stream; NotFoundError where it does not exist."""
        ...

    def logs(self, identity: str, *, follow: bool) -> Iterator[bytes]:
        """stdout from the beginning, in chunks; with `follow` until the container ends."""
        ...

    def last_log(self, identity: str) -> bytes:
        """The newest entry of the log, whole or the last piece of a long line; empty where it is stderr's, or none."""
        ...

    def wait_container(self, identity: str, *, timeout: float) -> int:
        """Its exit code; TimeoutError after `timeout` seconds."""
        ...

    def execute(
        self, identity: str, command: Sequence[str], *, environment: Mapping[str, str], timeout: float
    ) -> ExecResult:
        """Run beside the container's own process, output captured."""
        ...

    def attach_exec(
        self,
        identity: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        terminal: bool,
        on_signal: Callable[[int], bool] | None = None,
    ) -> int:
        """Run beside the container's own process with our stdin, stdout and stderr; returns its exit code.

        `on_signal` gets the number of a signal that asks us to end, and says whether the command has it now; where it
        has not, the signal is ours. On a terminal there are none: the command's own terminal turns keys into signals.
        """
        ...
