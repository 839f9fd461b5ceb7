"""Our requests as the Engine API takes them: one writing for every way of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.engines.base import ContainerRequest, NetworkRequest

_OUTER_OPTIONS = {"com.docker.network.bridge.enable_icc": "false"}
_INTERNAL_OPTIONS = {
    # Without these the bridge has an address on the host, and through it every listener of the host is reachable
    # although the network is internal. Engines before API 1.48 ignore the second one, so both are passed.
    "com.docker.network.bridge.inhibit_ipv4": "true",
    "com.docker.network.bridge.gateway_mode_ipv4": "isolated",
}


def network_body(request: NetworkRequest) -> dict[str, Any]:
    return {
        "Name": request.name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": request.internal,
        "EnableIPv6": False,
        "Options": _INTERNAL_OPTIONS if request.internal else _OUTER_OPTIONS,
        "IPAM": {"Driver": "default", "Config": [{"Subnet": request.subnet}]},
        "Labels": dict(request.labels),
    }


def container_body(request: ContainerRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Image": request.image,
        "Cmd": list(request.command),
        "Labels": dict(request.labels),
        "Env": [f"{key}={value}" for key, value in request.environment.items()],
        "WorkingDir": request.working_dir,
        "User": request.user,
        "HostConfig": _host_config(request),
    }
    if request.entrypoint:
        body["Entrypoint"] = list(request.entrypoint)
    if request.network:
        address = {"IPAMConfig": {"IPv4Address": request.address}} if request.address else {}
        body["NetworkingConfig"] = {"EndpointsConfig": {request.network: address}}
    return body


def connection_body(container: str, *, address: str) -> dict[str, Any]:
    endpoint = {"IPAMConfig": {"IPv4Address": address}} if address else {}
    return {"Container": container, "EndpointConfig": endpoint}


def _host_config(request: ContainerRequest) -> dict[str, Any]:
    return {
        "NetworkMode": request.network or "none",
        "Dns": list(request.dns),
        "Mounts": _mounts(request),
        "Tmpfs": dict(request.tmpfs),
        "Sysctls": dict(request.sysctls),
        "CapDrop": ["ALL"],
        "CapAdd": list(request.cap_add),
        "SecurityOpt": ["no-new-privileges"],
        "IpcMode": "private",
        "Init": True,
        "PidsLimit": request.pids,
        "Memory": request.memory or 0,
        # no swap on top of the memory limit: what is declared is what a session gets
        "MemorySwap": request.memory or 0,
        "NanoCpus": int((request.cpus or 0) * 1_000_000_000),
        "StorageOpt": {} if request.disk is None else {"size": str(request.disk)},
        "ReadonlyRootfs": request.read_only,
        # the transcript is the container's log: it must be readable by any client, whatever the default driver
        "LogConfig": {"Type": "json-file", "Config": _log_limits(request)},
    }


def _mounts(request: ContainerRequest) -> list[dict[str, Any]]:
    binds = [
        {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}
        for read_only, pairs in ((True, request.mounts), (False, request.writable_mounts))
        for source, target in pairs
    ]
    volumes = [
        {
            "Type": "volume",
            "Target": one.target,
            "ReadOnly": one.read_only,
            **({"Source": one.name} if one.name else {}),
        }
        for one in request.volumes
    ]
    return [*binds, *volumes]


def _log_limits(request: ContainerRequest) -> dict[str, str]:
    if request.log_bytes is None:
        return {}
    each = max(1, request.log_bytes // request.log_files // 1024)
    return {"max-size": f"{each}k", "max-file": str(request.log_files)}
