"""Tries through the gateway, as the proxy that it is."""

from __future__ import annotations

import base64
import os
import re
import struct
import time
import urllib.parse
from typing import TYPE_CHECKING, Any

from .tls import Bend, lenient, secured
from .wire import SILENCE, Answer, a_try, as_bytes, dial, everything, told, until

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence


@a_try
def plain(
    url: str,
    method: str = "GET",
    host: str | None = None,
    headers: Sequence[str] = (),
    version: str = "HTTP/1.1",
    body: str = "",
) -> Answer:
    """One request as a proxy takes it, with the whole URL on its first line."""
    named = urllib.parse.urlsplit(url).netloc if host is None else host
    lines = [f"{method} {url} {version}", f"Host: {named}", *headers, "Connection: close"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with dial() as plug:
        plug.sendall(as_bytes("\r\n".join([*lines, "", body])))
        return told(everything(plug))


@a_try
def redirected(url: str) -> Answer:
    """Ask for `url` and for where it redirects to, as clients do by themselves."""
    first = plain(url)
    target = re.search("(?im)^location:[ \t]*(.*?)\r?$", first["text"])
    if not target:
        return {"reached": False, "status": None, "error": "no redirect came"}
    return plain(target[1])


@a_try
def raw(data: str, pause: str = "") -> Answer:
    """These bytes to the gateway, `pause` being sent a little later, and all that comes back."""
    with dial() as plug:
        plug.sendall(as_bytes(data))
        if pause:
            time.sleep(0.3)
            plug.sendall(as_bytes(pause))
        return told(everything(plug))


@a_try
def tunnel(
    to: str,
    *,
    sni: str | None = "",
    host: str | None = None,
    headers: Sequence[str] = (),
    version: str = "HTTP/1.1",
    path: str = "/",
    inner_headers: Sequence[str] = (),
    inner: str = "",
    **bend: Any,
) -> Answer:
    """CONNECT, then TLS for `sni` (None: no name; default: the host of `to`), then a request to it.

    `headers` go with the CONNECT, `inner_headers` with the request; `inner` stands for the whole request; `bend` says
    how the ClientHello is bent.
    """
    found = to.rpartition(":")[0]
    wanted = found if sni == "" else sni
    with dial() as plug:
        opened = connect(plug, to, host, headers, version)
        if opened["status"] != 200:
            return opened
        try:
            asked = as_bytes(inner) or request(wanted or found, path, inner_headers)
            return secured(plug, wanted, asked, Bend(**bend))
        except OSError as error:
            return {"reached": False, "status": None, "error": f"{type(error).__name__}: {error}"}


@a_try
def opening(to: str) -> Answer:
    """CONNECT alone, and the head of what is answered."""
    with dial() as plug:
        plug.sendall(as_bytes(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"))
        return told(until(plug, b"\r\n\r\n"))


@a_try
def tunnel_bytes(to: str, data: str, early: bool = False) -> Answer:
    """CONNECT, then these bytes as they are; `early`: in one packet with the CONNECT."""
    with dial() as plug:
        if early:
            plug.sendall(as_bytes(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n{data}"))
            return told(everything(plug))
        opened = connect(plug, to, None, (), "HTTP/1.1")
        if opened["status"] == 200:
            plug.sendall(as_bytes(data))
            return told(everything(plug))
        return opened


@a_try
def websocket(url: str, origin: str = "") -> Answer:
    """A handshake and one frame that is to come back, by ws or wss."""
    parts = urllib.parse.urlsplit(url)
    host = str(parts.hostname)
    with dial() as plug:
        if parts.scheme == "wss":
            opened = connect(plug, f"{host}:{parts.port or 443}", None, (), "HTTP/1.1")
            if opened["status"] != 200:
                return opened
            try:
                talk: Any = lenient().wrap_socket(plug, server_hostname=host)
            except OSError as error:
                return {"reached": False, "status": None, "error": str(error)}
            target = parts.path or "/"
        else:
            talk, target = plug, url.replace("ws://", "http://", 1)
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
        key = base64.b64encode(os.urandom(16)).decode()
        lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Origin: {origin or url}", "", ""]
        talk.sendall(as_bytes("\r\n".join(lines)))
        head = until(talk, b"\r\n\r\n")
        answer = told(head)
        if answer["status"] == 101:
            mask = os.urandom(4)
            masked = bytes(one ^ mask[at % 4] for at, one in enumerate(b"hello"))
            talk.sendall(struct.pack("BB", 0x81, 0x80 | 5) + mask + masked)
            echoed = talk.recv(7)
            answer["reached"] = echoed == b"\x81\x05hello"
        return answer


def connect(plug: socket.socket, to: str, host: str | None, headers: Sequence[str], version: str) -> Answer:
    lines = [f"CONNECT {to} {version}", f"Host: {to if host is None else host}", *headers, "", ""]
    plug.sendall(as_bytes("\r\n".join(lines)))
    answer = told(until(plug, b"\r\n\r\n"))
    if answer["status"] != 200:
        answer.update(told(as_bytes(answer["text"]) + everything(plug, patience=SILENCE)))
    return answer


def request(host: str, path: str, headers: Sequence[str]) -> bytes:
    return as_bytes("\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", ""]))
