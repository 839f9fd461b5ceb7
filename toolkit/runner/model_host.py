"""Does the network policy let the agent reach its model? Asked before a turn: the agents themselves try for minutes."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 10.0
_REFUSED = (b"403", b"407")


def refusal(address: str, gateway: Mapping[str, Any], no_proxy: str, environment: str) -> str:
    """Why the turn cannot work, and what mends it; empty where the gateway lets it pass, or cannot be asked."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    direct = [one.strip() for one in no_proxy.split(",")]
    if not address or not gateway or not host or host in direct:
        return ""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = f"{host}:{port}" if secure else f"http://{parts.netloc}/"
    request = f"{'CONNECT' if secure else 'HEAD'} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((gateway["address"], gateway["port"]), timeout=_SECONDS) as connection:
            connection.sendall(request.encode("ascii"))
            answer = connection.recv(4096)
    except (OSError, UnicodeError):
        return ""
    if [*answer.split(b" ", 2), b"", b""][1] not in _REFUSED or b"x-deny-reason" not in answer.lower():
        return ""
    return (
        f"the agent needs {host}, and the policy of environment '{environment}' does not allow it: "
        "add it to network.allow"
    )
