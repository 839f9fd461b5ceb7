"""TLS by hand, so that the ClientHello can be bent; no certificate is checked: an attacker would not."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from .wire import LONGEST, SECONDS, Answer, as_bytes, told

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bend(NamedTuple):
    """How a ClientHello differs from the usual: `names` replaces its names, `piece` and `record` are bytes."""

    alpn: Sequence[str] = ()
    names: Sequence[str] | None = None
    piece: int = 0
    record: int = 0


def secured(plug: socket.socket, name: str | None, send: bytes, bend: Bend = Bend()) -> Answer:  # noqa: B008 -- a value
    """A handshake for `name` (None: without a name), then `send`, then all that comes back."""
    context = lenient()
    if bend.alpn:
        context.set_alpn_protocols(list(bend.alpn))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = context.wrap_bio(incoming, outgoing, server_hostname=name)
    _shake_hands(plug, talk, incoming, outgoing, bend)
    talk.write(send)
    plug.sendall(outgoing.read())
    answer = told(_everything(plug, talk, incoming))
    answer["issuer"] = issuer(talk.getpeercert(binary_form=True) or b"")
    return answer


def _shake_hands(
    plug: socket.socket, talk: ssl.SSLObject, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, bend: Bend
) -> None:
    hello = True
    while True:
        try:
            talk.do_handshake()
        except ssl.SSLWantReadError:
            data = outgoing.read()
            send_in_pieces(plug, bent(data, bend) if hello else data, bend.piece if hello else 0)
            hello = False
            received = plug.recv(LONGEST)
            if not received:
                raise ConnectionError("closed during the handshake") from None
            incoming.write(received)
        else:
            plug.sendall(outgoing.read())
            return


def _everything(plug: socket.socket, talk: ssl.SSLObject, incoming: ssl.MemoryBIO) -> bytes:
    found = b""
    plug.settimeout(SECONDS)
    with suppress(OSError):
        while True:
            try:
                got = talk.read(LONGEST)
            except ssl.SSLWantReadError:
                received = plug.recv(LONGEST)
                if not received:
                    break
                incoming.write(received)
            else:
                if not got:
                    break
                found += got
    return found


def issuer(certificate: bytes) -> str:
    """Whose certificate it is, as far as the name of the lab's authority shows it."""
    return "lab" if b"lab authority" in certificate else "other"


def bent(hello: bytes, bend: Bend) -> bytes:
    if bend.names is not None:
        hello = with_names(hello, [as_bytes(one) for one in bend.names])
    if bend.record:
        body = hello[5:]
        cut = [body[at : at + bend.record] for at in range(0, len(body), bend.record)]
        hello = b"".join(hello[:3] + struct.pack(">H", len(one)) + one for one in cut)
    return hello


def with_names(hello: bytes, names: list[bytes]) -> bytes:
    """The same ClientHello with these names in its server_name extension (RFC 6066, section 3), in one record."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + struct.unpack(">H", hello[at : at + 2])[0]
    at += 1 + hello[at]
    head, rest, kept = hello[5 + 4 : at], hello[at + 2 :], b""
    while rest:
        kind, length = struct.unpack(">HH", rest[:4])
        if kind != 0:
            kept += rest[: 4 + length]
        rest = rest[4 + length :]
    listed = b"".join(b"\0" + struct.pack(">H", len(one)) + one for one in names)
    extension = struct.pack(">H", len(listed)) + listed
    kept = struct.pack(">HH", 0, len(extension)) + extension + kept
    body = head + struct.pack(">H", len(kept)) + kept
    message = hello[5:6] + struct.pack(">I", len(body))[1:] + body
    return hello[:3] + struct.pack(">H", len(message)) + message


def send_in_pieces(plug: socket.socket, data: bytes, piece: int) -> None:
    plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    step = piece or len(data)
    for at in range(0, len(data), step):
        plug.sendall(data[at : at + step])
        if piece:
            time.sleep(0.005)


def lenient() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
