"""The engine's HTTP API by a plain socket: docker-py takes several times as long to import as a look-up takes.

One connection a call, as HTTP/1.0: the answer then ends with the connection and is never chunked. Safe to use from
several threads.
"""

from __future__ import annotations

import json
import socket

from toolkit.engines import refusals
from toolkit.errors import EngineError
from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from toolkit.engines.address import Address

_SECONDS = 60.0
_CHUNK = 1 << 16
_NEWEST = (1, 47)
"""The newest API whose answers have been read by this code; an older engine is spoken to in its own."""
_NOT_FOUND = 404
_REFUSED = 400
_HEAD_LIMIT = 1 << 20
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class Wire(Record):
    """Open with `Wire.open`; `api` such as 1.41 is what both sides speak."""

    address: Address
    api: str

    @classmethod
    def open(cls, address: Address) -> Wire:
        """Ask the engine for its API; OSError where nothing that speaks it listens."""
        status, headers, plug = _asked(address, "GET", "/_ping", b"", {})
        plug.close()
        offered = headers.get("api-version", "")
        if status >= _REFUSED or not offered:
            raise OSError("what listens there is no container engine")
        return cls(address=address, api=min(offered, ".".join(map(str, _NEWEST)), key=_number))

    def get(self, path: str, /, **parameters: str) -> Any:
        """The answer's JSON; EngineError, with code `engine-not-found` for what the engine does not know."""
        return self._json("GET", path, parameters, None)

    def post(self, path: str, body: Mapping[str, Any] | None = None, /, **parameters: str) -> Any:
        """The answer's JSON, None where it has no content; raises as `get`."""
        return self._json("POST", path, parameters, body)

    def delete(self, path: str, /, **parameters: str) -> None:
        """Raises as `get`."""
        self._json("DELETE", path, parameters, None)

    def put(self, path: str, content: bytes | Iterator[bytes], /, **parameters: str) -> None:
        """Send a tar archive, whole or as it comes; raises as `get`.

        The answer's head is all of it. Newer engines stop reading at the archive's end mark: what pads it after that is
        left unread, for which the kernel resets the connection instead of ending it.
        """
        _sending(self.address, "PUT", self._target(path, parameters), content, "application/x-tar").close()

    def stream(self, path: str, /, *, endless: bool = False, **parameters: str) -> Iterator[bytes]:
        """The answer's bytes as they come; raises as `get`, at once. `endless`: there may be none for a long time."""
        plug = _sending(self.address, "GET", self._target(path, parameters), b"", "")
        if endless:
            plug.settimeout(None)
        return _chunks(plug)

    def _json(self, method: str, path: str, parameters: Mapping[str, str], body: Mapping[str, Any] | None) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        kind = "" if body is None else "application/json"
        with _sending(self.address, method, self._target(path, parameters), sent, kind) as plug:
            answer = _whole(plug)
        try:
            return json.loads(answer) if answer.strip() else None
        except ValueError as error:
            raise refusals.lost("its answer ended too early") from error

    def _target(self, path: str, parameters: Mapping[str, str]) -> str:
        query = "&".join(f"{name}={quoted(value)}" for name, value in parameters.items())
        return f"/v{self.api}{path}" + (f"?{query}" if query else "")


def quoted(text: str) -> str:
    """Percent-encoded but for slashes, which stand in names of images; urllib takes long to import."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())


def _sending(address: Address, method: str, target: str, content: bytes | Iterator[bytes], kind: str) -> socket.socket:
    """A connection whose answer's body is to be read; EngineError for a refusal."""
    headers = {"Content-Type": kind} if kind else {}
    try:
        status, _, plug = _asked(address, method, target, content, headers)
    except OSError as error:
        raise refusals.lost(f"{address}: {error.strerror or error}") from error
    if status < _REFUSED:
        return plug
    said = _message(_as_far_as_it_came(plug))
    raise refusals.unknown(said) if status == _NOT_FOUND else refusals.refused(said)


def _asked(
    address: Address, method: str, target: str, content: bytes | Iterator[bytes], headers: Mapping[str, str]
) -> tuple[int, dict[str, str], socket.socket]:
    plug = _connected(address)
    try:
        try:  # noqa: SIM105 -- contextlib takes its time to import
            _send(plug, f"{method} {target}", content, headers, bare=method in {"GET", "DELETE"})
        except ConnectionError:
            pass  # a refusal may come before all was sent: the answer tells
        head = _head(plug)
        status = int(head[0].split(" ", 2)[1])
    except (IndexError, ValueError) as error:
        plug.close()
        raise OSError("what listens there speaks no HTTP") from error
    except BaseException:
        plug.close()
        raise
    found = dict(line.split(":", 1) for line in head[1:] if ":" in line)
    return status, {name.strip().lower(): value.strip() for name, value in found.items()}, plug


def _send(
    plug: socket.socket, line: str, content: bytes | Iterator[bytes], headers: Mapping[str, str], *, bare: bool
) -> None:
    """What has no length yet goes in chunks, for which the request must be of HTTP/1.1."""
    lines = ["Host: docker", *(f"{name}: {value}" for name, value in headers.items())]
    if isinstance(content, bytes):
        if content or not bare:
            lines.append(f"Content-Length: {len(content)}")
        plug.sendall("\r\n".join([f"{line} HTTP/1.0", *lines, "", ""]).encode("latin-1") + content)
        return
    lines += ["Transfer-Encoding: chunked", "Connection: close"]
    plug.sendall("\r\n".join([f"{line} HTTP/1.1", *lines, "", ""]).encode("latin-1"))
    for chunk in content:
        if chunk:
            plug.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
    plug.sendall(b"0\r\n\r\n")


def _connected(address: Address) -> socket.socket:
    if not address.path:
        return socket.create_connection((address.host, address.port), timeout=_SECONDS)
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        plug.settimeout(_SECONDS)
        plug.connect(address.path)
    except OSError:
        plug.close()
        raise
    return plug


def _head(plug: socket.socket) -> list[str]:
    """The status line and the header lines; not a byte of the body is taken."""
    read = bytearray()
    while b"\r\n\r\n" not in read:
        # Looked at first: what comes after the blank line is the body's, and the socket is all that is handed on.
        seen = plug.recv(_CHUNK, socket.MSG_PEEK)
        if not seen or len(read) > _HEAD_LIMIT:
            raise OSError("the engine ended the connection before it answered")
        end = (bytes(read[-3:]) + seen).find(b"\r\n\r\n")
        taken = len(seen) if end < 0 else end + 4 - min(3, len(read))
        read += plug.recv(taken)
    return bytes(read).decode("latin-1").strip().split("\r\n")


def _whole(plug: socket.socket) -> bytes:
    return b"".join(_chunks(plug))


def _as_far_as_it_came(plug: socket.socket) -> bytes:
    """What a refusal says; the engine may not have read all that we sent, and then the connection is reset after it."""
    read = bytearray()
    try:
        for chunk in _chunks(plug):
            read += chunk
    except EngineError:
        pass
    return bytes(read)


def _chunks(plug: socket.socket) -> Iterator[bytes]:
    with plug:
        while True:
            try:
                chunk = plug.recv(_CHUNK)
            except OSError as error:
                raise refusals.lost(error.strerror or str(error)) from error
            if not chunk:
                return
            yield chunk


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["message"]).strip()
    except (ValueError, KeyError, TypeError):
        return body.decode(errors="replace").strip()


def _number(api: str) -> tuple[int, ...]:
    return tuple(int(part) for part in api.split(".") if part.isdecimal())
