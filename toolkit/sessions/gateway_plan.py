"""A session's egress gateway, before anything is made: pure."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.engines.base import ContainerRequest, VolumeMount
from toolkit.model import labels
from toolkit.model.gateway import GatewayFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolkit.sessions.addresses import SessionAddresses

FOLDER = "/gateway"
PROGRAMS = "/opt/toolkit/gateways"
PORT = 3128
OWNER = 13  # Debian's user and group `proxy`
_MEMORY = 256 << 20
_PIDS = 128
_LOG_BYTES = 128 << 20
_LOG_FILES = 4
_TMPFS = {
    "/run": "mode=0755,size=16m",
    "/run/gateway": f"uid={OWNER},gid={OWNER},mode=0700,size=16m",
    "/tmp": "mode=1777,size=16m",  # noqa: S108 -- a mount of the gateway's own
    "/var/spool/squid": f"uid={OWNER},gid={OWNER},size=1m",
    "/var/log/squid": f"uid={OWNER},gid={OWNER},size=1m",
}
WRITABLE = (*_TMPFS, "/dev/shm")  # noqa: S108 -- a mount of the gateway's own
"""All places where something can grow: small, in memory, and empty again after a restart. Its log is the engine's."""

_SYSCTLS = {
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.default.disable_ipv6": "1",
    # Squid ends at a literal IPv6 address when loopback has none; never together with all.disable_ipv6
    "net.ipv6.conf.lo.disable_ipv6": "0",
}
# Root for a moment: it closes routes, hands over its output, and becomes the proxy's user without any of these.
_CAPABILITIES = ("CHOWN", "NET_ADMIN", "SETGID", "SETPCAP", "SETUID")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPlan:
    """What every gateway of a session needs, everything resolved.

    `image`: an image id. `policy`: the SHA-256 of the policy that `files` renders for given addresses. `trust`: the
    session must trust the gateway's own CA, because hosts get secrets. `site_network` and `dns`: the site's own
    network for the outer leg and its resolvers; empty: our bridge, the engine's resolvers.
    """

    image: str
    policy: str
    level: str
    files: Callable[[SessionAddresses], Sequence[GatewayFile]]
    trust: bool = False
    site_network: str = ""
    dns: tuple[str, ...] = ()


def gateway_request(plan: GatewayPlan, *, session: str, launcher: str, network: str, address: str) -> ContainerRequest:
    return ContainerRequest(
        name=f"toolkit-{session}-gateway",
        image=plan.image,
        entrypoint=("python3", "-I", PROGRAMS),
        command=("egress", FOLDER),
        labels={
            labels.KIND: labels.GATEWAY_KIND,
            labels.SESSION: session,
            labels.LAUNCHER: launcher,
            labels.POLICY: plan.policy,
        },
        user="0:0",
        network=network,
        address=address,
        dns=plan.dns,
        volumes=(VolumeMount(target=FOLDER),),
        tmpfs=_TMPFS,
        sysctls=_SYSCTLS,
        cap_add=_CAPABILITIES,
        pids=_PIDS,
        memory=_MEMORY,
        read_only=True,
        log_bytes=_LOG_BYTES,
        log_files=_LOG_FILES,
    )


def order_file(
    *, session: str, policy: str, blackholes: Sequence[str], resolvers: Sequence[str], bumps: bool
) -> GatewayFile:
    """What the gateway does before it starts Squid (`gateways/egress.py`)."""
    body = {
        "session": session,
        "policy": policy,
        "blackholes": list(blackholes),
        "resolvers": list(resolvers),
        "bumps": bumps,
    }
    return GatewayFile(path="order.json", content=json.dumps(body).encode())


def packed(files: Sequence[GatewayFile]) -> bytes:
    """A tar for the gateway's folder, which is root's: nothing in it can grow, for it lies on the engine's disk.

    What others may not read is for Squid's group.
    """
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders = sorted({one.path.rpartition("/")[0] for one in files} - {""})
        for name in (*folders, "state"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for one in files:
            entry = tarfile.TarInfo(one.path)
            public = one.mode & 0o004
            entry.size, entry.mode, entry.gid = len(one.content), one.mode if public else 0o640, 0 if public else OWNER
            tar.addfile(entry, io.BytesIO(one.content))
    return whole.getvalue()
