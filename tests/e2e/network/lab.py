"""The lab: the project's own containers stand in for the internet, on an engine network of documentation addresses.

Peers: a name server for names of ours alone, `origin` for what is allowed, `foreign` for what is not, `private` on an
RFC 1918 network, `host` on this host's own addresses, and `client`, an unconfined container beside them whose success
is the control of an attack that has no allowed form inside a session. Peers write down what reaches them; `Lab.since`
reads it. Nothing is sent anywhere else.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker.types import EndpointConfig, IPAMConfig, IPAMPool
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.e2e.network import authority, names
from tests.e2e.network.names import Addresses
from tests.support import own_things
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toolkit.engines.docker import DockerEngine

DOCUMENTATION = IPv4Network("203.0.113.0/24")  # TEST-NET-3 (RFC 5737)
OUTSIDE_PREFIX = 26
PRIVATE_POOL = "10.214.0.0/16"
STRANGE_PORT = 18_079  # of the host, beside those of the web
SINKS = (22, 25, 5432)
DATAGRAMS = (123, 443, 9999)
_PEERS = Path(__file__).with_name("peers")
_INSIDE = "/lab"  # where peers see the lab's folder
_UNCONFINED = {"user": "0:0", "cap_add": ["NET_ADMIN", "SYS_ADMIN"], "security_opt": ["seccomp=unconfined"]}
_API = "1.41"  # of the endpoint settings: what the oldest engine speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What one peer wrote down once; `what` is accept, sni, request, frame, bytes, datagram, query, …"""

    peer: str
    what: str
    more: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """What peers write down, in a folder that is shared with them."""

    folder: Path

    def mark(self) -> dict[str, int]:
        """Where each peer's journal ends now."""
        return {path.name: path.stat().st_size for path in self._journals()}

    def since(self, mark: Mapping[str, int]) -> list[Note]:
        """What the peers wrote down after `mark`, in the order of time."""
        found: list[dict[str, Any]] = []
        for path in self._journals():
            with path.open("rb") as file:
                file.seek(mark.get(path.name, 0))
                found += [json.loads(line) for line in file.read().splitlines()]
        return [_note(one) for one in sorted(found, key=lambda one: float(one["time"]))]

    def _journals(self) -> list[Path]:
        return sorted((self.folder / "journals").iterdir())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab(Journals):
    """`network` is the outside's name on the engine."""

    network: str
    private_network: str
    subnet: IPv4Network
    addresses: Addresses
    client: DockerContainer
    later_names: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def certificate(self) -> Path:
        return self.folder / "authority" / authority.CERTIFICATE

    @property
    def words(self) -> dict[str, str]:
        """What `<word>` in a try stands for, as far as the lab knows it."""
        return names.words(self.addresses)

    def name(self, name: str, **records: Any) -> None:
        """Add a name to the zone while the lab runs, or change where it leads."""
        self.later_names[name] = records
        write_zone(self.folder, {**names.zone(self.addresses), **self.later_names})


@contextmanager
def opened(engine: DockerEngine, image: str, folder: Path, *, avoid: Iterable[str]) -> Iterator[Lab]:
    """The whole lab; `image` has python3 and openssl, `folder` holds an authority.

    `avoid`: hosts whose addresses must stay reachable.
    """
    furnish(folder)
    with ExitStack() as stack:
        subnet, private = outside_subnet(engine, avoid), subnets.choose([PRIVATE_POOL], _taken(engine))
        networks = [stack.enter_context(documented_network(one)) for one in (subnet, private)]
        outside, inner = (one.name for one in networks)
        addresses = _addresses(engine, subnet, private)
        write_zone(folder, names.zone(addresses))
        peers = Peers(image=image, folder=folder, resolver=addresses.names)
        stack.enter_context(peers.names(outside))
        for name in ("origin", "foreign"):
            stack.enter_context(peers.origin(name, _everywhere(), network=outside, address=getattr(addresses, name)))
        stack.enter_context(peers.origin("private", _everywhere(), network=inner, address=addresses.private))
        stack.enter_context(peers.origin("host", _on_host(addresses), network="host"))
        client = stack.enter_context(peers.client(outside, addresses.client))
        networks[1].connect(client.get_container_id())
        yield Lab(
            folder=folder,
            network=outside,
            private_network=inner,
            subnet=subnet,
            addresses=addresses,
            client=client,
        )


def furnish(folder: Path) -> None:
    """What peers need in the folder that is shared with them, beside an authority."""
    for name in ("journals", "files"):
        (folder / name).mkdir()
    shutil.copytree(_PEERS, folder / "peers", ignore=shutil.ignore_patterns("__pycache__"))


def outside_subnet(engine: DockerEngine, avoid: Iterable[str]) -> IPv4Network:
    """A part of TEST-NET-3 that no network has, and no host of `avoid`: some sites keep their mirrors in that range."""
    known = {IPv4Address(one) for host in avoid for one in resolved(host)}
    taken = _taken(engine)
    for candidate in DOCUMENTATION.subnets(new_prefix=OUTSIDE_PREFIX):
        if not any(one in candidate for one in known) and not any(candidate.overlaps(one) for one in taken):
            return candidate
    raise RuntimeError(f"no /{OUTSIDE_PREFIX} of {DOCUMENTATION} is free for the lab")


def resolved(host: str) -> list[str]:
    """The IPv4 addresses of a host as this machine sees it; none for a name that leads nowhere."""
    with suppress(OSError):
        found = socket.getaddrinfo(host, 443, socket.AF_INET, socket.SOCK_STREAM)
        return sorted({str(one[4][0]) for one in found})
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """How each peer is run: as this user, on the shared folder, with no more than the engine gives any container."""

    image: str
    folder: Path
    resolver: str

    def names(self, network: str) -> DockerContainer:
        words = ["-m", "peers.names", f"{_INSIDE}/zone.json", f"{_INSIDE}/journals/names.jsonl"]
        return self._peer(words, network, self.resolver)

    def origin(
        self, name: str, listen: list[tuple[str, str, int]], *, network: str, address: str = ""
    ) -> DockerContainer:
        order = {
            "name": name,
            "journal": f"{_INSIDE}/journals/{name}.jsonl",
            "authority": f"{_INSIDE}/authority",
            "files": f"{_INSIDE}/files",
            "listen": listen,
        }
        return self._peer(["-m", "peers.origin", json.dumps(order)], network, address)

    def models(self, network: str, address: str) -> DockerContainer:
        """Both agents' models, by https."""
        order = {"name": "models", "journal": f"{_INSIDE}/journals/models.jsonl", "authority": f"{_INSIDE}/authority"}
        return self._peer(["-m", "peers.models", json.dumps({**order, "port": 443})], network, address)

    def client(self, network: str, address: str) -> DockerContainer:
        """Idle, and unconfined: what fails in a session and works here was stopped by what holds the session."""
        words = ["-c", "print('ready', flush=True); import threading; threading.Event().wait()"]
        return self._peer(words, network, address, **_UNCONFINED)

    def desk(self, folder: Path, environment: Mapping[str, str], *, network: str) -> DockerContainer:
        """Idle, with a folder of this host's at the same path, as root: where a person would sit."""
        words = ["-c", "print('ready', flush=True); import threading; threading.Event().wait()"]
        peer = self._peer(words, network, "", user="0:0", dns=[self.resolver]).with_envs(**environment)
        return peer.with_volume_mapping(str(folder), str(folder), "rw")

    def _peer(self, words: list[str], network: str, address: str, **more: Any) -> DockerContainer:
        where: dict[str, Any] = {"network_mode": network}
        if address:
            endpoint = EndpointConfig(_API, ipv4_address=address)
            where = {"network": network, "networking_config": {network: endpoint}, "dns": [self.resolver]}
        container = DockerContainer(self.image).with_volume_mapping(str(self.folder), _INSIDE, "rw")
        settings = {
            "entrypoint": ["python3", "-u", *words],
            "working_dir": _INSIDE,
            "user": f"{os.getuid()}:{os.getgid()}",
            "labels": own_things.marks(),
            "init": True,
        }
        ready = LogMessageWaitStrategy("ready").with_startup_timeout(60)
        return container.with_kwargs(**{**settings, **where, **more}).waiting_for(ready)


def _everywhere() -> list[tuple[str, str, int]]:
    ports = {"http": (80, 8080), "tls": (443, 8443), "sink": SINKS, "udp": DATAGRAMS}
    return [(way, "0.0.0.0", port) for way, found in ports.items() for port in found]


def _on_host(addresses: Addresses) -> list[tuple[str, str, int]]:
    """The web's ports on single addresses only: the host may have servers of its own."""
    web = [(way, one, port) for one in addresses.of_host for way, port in (("http", 80), ("tls", 443))]
    return [*web, ("sink", "0.0.0.0", STRANGE_PORT), ("udp", "0.0.0.0", STRANGE_PORT)]


def documented_network(subnet: IPv4Network) -> Network:
    pool = IPAMPool(subnet=str(subnet), gateway=str(subnet[1]))
    return Network(docker_network_kw={"ipam": IPAMConfig(pool_configs=[pool]), "labels": own_things.marks()})


def _addresses(engine: DockerEngine, subnet: IPv4Network, private: IPv4Network) -> Addresses:
    pool = next(one for one in engine.networks() if one.name == "bridge").subnets[0]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.connect(("192.0.2.1", 9))  # sends nothing: it only asks the kernel for a source address
        machine = str(plug.getsockname()[0])
    return Addresses(
        names=str(subnet[10]),
        origin=str(subnet[11]),
        foreign=str(subnet[12]),
        client=str(subnet[13]),
        bridge=str(subnet[1]),
        docker=str(IPv4Network(pool, strict=False)[1]),
        machine=machine,
        private=str(private[2]),
    )


def _taken(engine: DockerEngine) -> tuple[IPv4Network, ...]:
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    return (*used, *subnets.taken_by_host())


def write_zone(folder: Path, zone: Mapping[str, Mapping[str, Any]]) -> None:
    written = folder / "zone.json.new"
    written.write_text(json.dumps(zone), encoding="utf-8")
    written.replace(folder / "zone.json")


def _note(line: Mapping[str, Any]) -> Note:
    more = {key: value for key, value in line.items() if key not in {"peer", "what", "time"}}
    return Note(peer=line["peer"], what=line["what"], more=more)
