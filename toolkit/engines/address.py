"""Where the engine is, found without docker-py: DOCKER_HOST, else the current docker context, else the usual socket."""

from __future__ import annotations

import json
import os

from toolkit.record import Record

try:  # as in toolkit/memory.py: hashlib loads OpenSSL, which takes half as long as starting Python
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # Python 3.12 and later
    from hashlib import sha256

_SOCKET = "/var/run/docker.sock"


class Address(Record):
    """A socket's `path`, or `host` and `port` of a plain TCP listener."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"


def find() -> Address | None:
    """None for what only docker-py speaks: TLS, ssh, named pipes, and whatever it would refuse with reasons."""
    given = os.environ.get("DOCKER_HOST", "")
    if given:
        secured = os.environ.get("DOCKER_TLS_VERIFY") or os.environ.get("DOCKER_CERT_PATH")
        return None if secured else parse(given)
    folder = os.environ.get("DOCKER_CONFIG") or os.path.join(os.path.expanduser("~"), ".docker")  # noqa: PTH111, PTH118
    name = str(_read(os.path.join(folder, "config.json")).get("currentContext") or "default")  # noqa: PTH118
    return Address(path=_SOCKET) if name == "default" else _of_context(folder, name)


def parse(text: str) -> Address | None:
    """`unix:///run/docker.sock` or `tcp://127.0.0.1:2375`; None for anything else."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        return None
    if scheme in {"unix", "http+unix"}:
        return Address(path="/" + rest.lstrip("/") if rest else _SOCKET)
    host, _, port = rest.rpartition(":")
    if scheme not in {"tcp", "http"} or not host or not port.isdecimal() or "/" in host or "@" in host:
        return None
    return Address(host=host.strip("[]"), port=int(port))


def _of_context(folder: str, name: str) -> Address | None:
    place = os.path.join(folder, "contexts")  # noqa: PTH118 -- half the time of this is spent importing pathlib
    key = sha256(name.encode()).hexdigest()
    if os.path.isdir(os.path.join(place, "tls", key)):  # noqa: PTH112, PTH118
        return None
    endpoints = _read(os.path.join(place, "meta", key, "meta.json")).get("Endpoints")  # noqa: PTH118
    docker = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = docker.get("Host") if isinstance(docker, dict) else None
    return parse(host) if isinstance(host, str) else None


def _read(path: str) -> dict[str, object]:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
