"""What the rows about sessions outside of this checkout stand on: a root of their own, and a peer outside."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.sessions import launcher, subnets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POOL = "198.51.100.0/24"
_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Built environments: name → reference in `images`. `toolkit` is how to start it; `config` holds our settings."""

    toolkit: tuple[str, ...]
    folder: Path
    config: Path
    images: Mapping[str, str]

    def run(self, *words: str, cwd: Path | None = None) -> str:
        around = {**os.environ, "XDG_CONFIG_HOME": str(self.config)}
        argv = [*self.toolkit, "--root", str(self.folder), *words]
        done = subprocess.run(
            argv, cwd=cwd or self.folder, env=around, check=False, capture_output=True, text=True, timeout=_SECONDS
        )
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words: str, cwd: Path | None = None) -> str:
        """A session whose only turn is over; its id."""
        return str(json.loads(self.run("remote", "true", "--wait", *words, "--json", cwd=cwd))["session"]["id"])

    def leave_by(self, egress: str) -> None:
        """The machine's own settings, but gateways of sessions started from now on go out by `egress`, in YAML."""
        (self.config / "toolkit" / "settings.yaml").write_text(f"{_own_settings()}  egress: {egress}\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """`network` is where it is, `address` its own there; `beside` a plain container that reaches it directly."""

    network: str
    address: str
    beside: DockerContainer

    def ask(self, *argv: str) -> str:
        """What a command says that runs beside it."""
        done = self.beside.exec(list(argv))
        assert done.exit_code == 0, done.output
        return bytes(done.output).decode()


@contextmanager
def built(
    folder: Path, toolkit: tuple[str, ...], *, stack: str, environments: Mapping[str, Mapping[str, Any]]
) -> Iterator[Root]:
    """The environments, name → its `network`; afterwards the engine has nothing of them."""
    root, config = folder / "root", folder / "config"
    (root / "envs").mkdir(parents=True)
    for name, network in environments.items():
        body = {"version": 1, "name": name, "network": network}
        (root / "envs" / f"{name}.yaml").write_text(json.dumps(body))
    (config / "toolkit").mkdir(parents=True)
    (config / "toolkit" / "settings.yaml").write_text(_own_settings())
    bare = Root(toolkit=toolkit, folder=root, config=config, images={})
    try:
        made = json.loads(bare.run("up", "--yes", "--stack", stack, "--json"))["images"]
        images = {name: one["reference"] for name, one in made.items()}
        yield Root(toolkit=toolkit, folder=root, config=config, images=images)
    finally:
        bare.run("destroy", "--yes", "--force", "--stack", stack)


@contextmanager
def peer(image: str, server: str, *, seconds: int) -> Iterator[Peer]:
    """`server`: a Python program that gets the peer's address and says `ready`, within so many seconds."""
    engine = connect()
    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = subnets.choose([_POOL], (*used, *subnets.taken_by_host()), prefix=28)
    address = str(subnet[3])
    own = {labels.KIND: labels.TEST_KIND, labels.LAUNCHER: launcher.mark()}
    pool = {"Config": [{"Subnet": str(subnet)}]}
    with Network(docker_network_kw={"ipam": pool, "labels": own}) as network:
        where = {"network": network.name, "labels": own, "init": True, "user": "0:0"}
        endpoint = {network.name: {"IPAMConfig": {"IPv4Address": address}}}
        serving = DockerContainer(image).with_kwargs(
            entrypoint=["python3", "-u", "-c", server, address], networking_config=endpoint, **where
        )
        beside = DockerContainer(image).with_kwargs(entrypoint=["sleep", "infinity"], **where)
        ready = LogMessageWaitStrategy("ready").with_startup_timeout(seconds)
        with serving.waiting_for(ready), beside:
            yield Peer(network=network.name, address=address, beside=beside)


def _own_settings() -> str:
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "toolkit" / "settings.yaml"
    return own.read_text() if own.exists() else "site:\n"
