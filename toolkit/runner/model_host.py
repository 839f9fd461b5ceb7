"""Can the agent reach its model? Asked before a turn: the agents themselves try for minutes, one of them for ever."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 10.0
_REFUSED = (b"403", b"407")
_LONGEST_HEAD = 65536
_CONNECTED = b"200"


def refusal(address: str, gateway: Mapping[str, Any], no_proxy: str, environment: str) -> str:
    """Why the turn cannot work, and what mends it; empty where the gateway lets it pass, or cannot be asked."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    direct = [one.strip() for one in no_proxy.split(",")]
    if not address or not gateway or not host or host in direct:
        return ""
    try:
        with socket.create_connection((gateway["address"], gateway["port"]), timeout=_SECONDS) as connection:
            secure = parts.scheme == "https"
            port = parts.port or (443 if secure else 80)
            answer = _asked(connection, host, f"{host}:{port}" if secure else f"http://{parts.netloc}/", secure=secure)
            status = [*answer.split(b" ", 2), b"", b""][1]
            if status in _REFUSED and b"x-deny-reason" in answer.lower():
                return (
                    f"the agent needs {host}, and the policy of environment '{environment}' does not allow it: "
                    "add it to network.allow"
                )
            return _distrust(connection, host) if secure and status == _CONNECTED else ""
    except (OSError, ValueError):  # no answer is none: the agent itself will tell
        return ""


def _asked(connection: socket.socket, host: str, target: str, *, secure: bool) -> bytes:
    """The head of the gateway's answer."""
    request = f"{'CONNECT' if secure else 'HEAD'} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    connection.sendall(request.encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < _LONGEST_HEAD:
        received = connection.recv(4096)
        if not received:
            break
        answer += received
    return answer


def _distrust(connection: socket.socket, host: str) -> str:
    """Greet the model as an agent would: a tunnel without that counts as an attempt at something else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()
    try:
        with context.wrap_socket(connection, server_hostname=host):
            return ""
    except ssl.SSLCertVerificationError as error:
        return (
            f"the agent needs {host}, whose certificate is not trusted here ({error.verify_message}): "
            "a CA of your site's own belongs into site.ca_certificates"
        )
