"""A session's git gateway, before anything is made: pure."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.engines.base import ContainerRequest, VolumeMount
from toolkit.git import addresses
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from toolkit.git.bundle import Carried
    from toolkit.git.credentials import Access
    from toolkit.model.environment import PushSpec

FOLDER = "/gateway"
PROGRAMS = "/opt/toolkit/gateways"
PORT = 8080
MIRROR = "/mirror"
SESSION_MIRROR = "/opt/toolkit/mirror"
"""Where a session sees the mirror, read-only."""

_UPSTREAM = "/upstream"
_AGENT = "/run/toolkit-agent.sock"
_OWNER = 13  # Debian's user `proxy`, where nothing asks for another
_MEMORY = 1 << 30
_PIDS = 256
_LOG_BYTES = 16 << 20
_CHUNK = 1 << 20
_IN_MEMORY = 8 << 20
# Root for a moment: it reads its order, hands the folder and the mirror to a user, and becomes that one for good.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "SETGID", "SETPCAP", "SETUID")

_SYSCTLS = {"net.ipv4.tcp_syn_retries": "3"}  # a remote that is down is told after 15 s, not after one or two minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class GitGateway:
    """What a session's git gateway needs, everything resolved.

    `image`: an image id. `name`: the repository's, as its folder is called. `token`: what the session shows. `mirror`:
    the volume with what the remote has, which sessions of one remote share; empty: there is none. `author`, `email`: of
    the session's commits. `shares`: the user has just shown to this remote that it may be read, so what others fetched
    from it is no secret; else the gateway keeps what it fetches to itself.
    """

    session: str
    launcher: str
    image: str
    name: str
    branch: str
    push: PushSpec
    access: Access
    carried: Carried
    token: str = field(repr=False)
    author: str = ""
    email: str = ""
    dns: tuple[str, ...] = ()
    shares: bool = True

    @property
    def commit(self) -> str:
        """Where the session's branch begins."""
        return self.carried.commit

    @property
    def branch_before(self) -> str:
        """The branch that it begins at; empty: none."""
        return self.carried.default

    @property
    def owner(self) -> int:
        return owner_of(self.access)

    @property
    def mirror(self) -> str:
        """The same for all forms of one address; users apart, since the files in it belong to one."""
        if not self.access.address or not self.shares:
            return ""
        identity = addresses.parse(self.access.shown).identity
        return f"toolkit-mirror-{hashlib.sha256(f'{identity} {self.owner}'.encode()).hexdigest()[:16]}"

    @property
    def mirror_labels(self) -> Mapping[str, str]:
        return {labels.KIND: labels.MIRROR_KIND, labels.REPOSITORY: self.access.shown}

    @property
    def session_volumes(self) -> tuple[VolumeMount, ...]:
        """What the session borrows the remote's objects from."""
        return (VolumeMount(target=SESSION_MIRROR, name=self.mirror, read_only=True),) if self.mirror else ()

    def container(self, *, network: str, address: str) -> ContainerRequest:
        access = self.access
        mirror = (VolumeMount(target=MIRROR, name=self.mirror),) if self.mirror else ()
        return ContainerRequest(
            name=f"toolkit-{self.session}-git",
            image=self.image,
            entrypoint=("python3", "-I", PROGRAMS),
            command=("git", FOLDER),
            labels={
                labels.KIND: labels.GIT_GATEWAY_KIND,
                labels.SESSION: self.session,
                labels.LAUNCHER: self.launcher,
                labels.REPOSITORY: access.shown if access.address else "",
            },
            user="0:0",
            network=network,
            address=address,
            dns=self.dns,
            mounts=((access.agent, _AGENT),) if access.agent else (),
            writable_mounts=((access.folder, _UPSTREAM),) if access.folder else (),
            volumes=(VolumeMount(target=FOLDER), *mirror),
            tmpfs={"/tmp": "mode=1777,size=64m"},  # noqa: S108 -- a mount of the gateway's own
            sysctls=_SYSCTLS,
            cap_add=_CAPABILITIES,
            pids=_PIDS,
            memory=_MEMORY,
            log_bytes=_LOG_BYTES,
        )

    def files(self, *, session_address: str) -> dict[str, bytes]:
        """Path in the gateway's folder → content; all of them for its own user alone."""
        carried = self.carried
        order = {
            "session": self.session,
            "session_address": session_address,
            "user": self.owner,
            "listen": ["0.0.0.0", PORT],  # noqa: S104 -- inside the session's own network
            "token": self.token,
            "name": self.name,
            "branch": self.branch,
            "push": {"branches": list(self.push.branches), "tags": self.push.tags},
            "upstream": self.access.address,
            "shown": self.access.shown,
            "mirror": MIRROR if self.mirror else f"{FOLDER}/mirror" if self.access.address else "",
            "bundle": "carried.bundle" if carried.bundle else "",
            "start": carried.commit,
            "default": carried.default,
        }
        return {"order.json": json.dumps(order).encode(), **access_files(self.access)}

    def contents(self, *, session_address: str) -> Iterator[bytes]:
        """A tar for the gateway's folder, in chunks."""
        return packed(self.files(session_address=session_address), bundle=self.carried.bundle, owner=self.owner)

    def session_order(self, *, address: str) -> dict[str, object]:
        """What the session's runner needs to have the repository (`runner/repository.py`)."""
        url = f"http://{address}:{PORT}/{self.name}.git"
        basic = base64.b64encode(f"session:{self.token}".encode()).decode()
        return {
            "url": url,
            "header": f"Authorization: Basic {basic}",
            "origin": _with_suffix(self.access.shown) if self.access.shown else url,
            "branch": self.branch,
            "start": self.carried.commit,
            "uncommitted": self.carried.uncommitted,
            "alternates": f"{SESSION_MIRROR}/objects" if self.mirror else "",
            "author": self.author,
            "email": self.email,
        }


def owner_of(access: Access) -> int:
    """The user id that the gateway's files belong to."""
    return _OWNER if access.owner is None else access.owner


def access_files(access: Access) -> dict[str, bytes]:
    """Those that open the remote: what changes when a credential is renewed."""
    ssh = {
        **dict(access.ssh),
        "hostkeyalias": "remote",
        "identityagent": _AGENT if access.agent else "none",
        "identityfile": "none",
        "userknownhostsfile": f"{FOLDER}/known_hosts",
        "stricthostkeychecking": "yes",
        "batchmode": "yes",
        "connecttimeout": "20",
        "serveraliveinterval": "15",
    }
    return {
        "gitconfig": _configuration(access).encode(),
        "credential": access.login.encode(),
        "ssh_config": "".join(f"{key} {value}\n" for key, value in ssh.items()).encode(),
        "known_hosts": access.known_hosts.encode(),
    }


def packed(files: Mapping[str, bytes], *, bundle: Path | None, owner: int) -> Iterator[bytes]:
    """A tar of files that belong to `owner` and nobody else reads."""
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o600, owner, owner
                tar.addfile(entry, io.BytesIO(content))
            if bundle is not None:
                entry = tarfile.TarInfo("carried.bundle")
                entry.size, entry.mode, entry.uid, entry.gid = bundle.stat().st_size, 0o600, owner, owner
                with bundle.open("rb") as stream:
                    tar.addfile(entry, stream)
        spool.seek(0)
        while chunk := spool.read(_CHUNK):
            yield chunk


def _configuration(access: Access) -> str:
    """git's configuration in the gateway, also for a remote that is a folder, whose pack git makes in here: large files
    must not take the gateway's memory. The credential itself lies in a file of its own.
    """
    lines = [
        "[safe]",
        "\tdirectory = *",
        "[core]",
        f"\tsshCommand = ssh -F {FOLDER}/ssh_config",
        "\tbigFileThreshold = 16m",
        "[pack]",
        "\tthreads = 2",
        "\twindowMemory = 64m",
        "[http]",
        "\tlowSpeedLimit = 1",
        "\tlowSpeedTime = 120",
    ]
    if access.login:
        lines += ["[credential]", f'\thelper = "!f() {{ test \\"$1\\" = get && cat {FOLDER}/credential; }}; f"']
    if access.headers:
        lines.append(f"[http {_quoted(access.address)}]")
        lines += [f"\textraHeader = {_quoted(one)}" for one in access.headers]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _with_suffix(address: str) -> str:
    """`….git`: the session rewrites this address by its beginning, and must not meet `shop-extra` for `shop`."""
    return address if address.endswith(".git") else f"{address.rstrip('/')}.git"
