"""An origin of the lab: HTTP, HTTPS, WebSocket, plain TCP and UDP; writes down all that reaches it, in its order.

Its one argument is JSON: `name`, `journal` (a file), `listen` (a list of [way, address, port], the way being http, tls,
sink or udp), `authority` (a folder with ca.pem, ca.key and leaf.key: certificates are made as names are asked for) and
`files` (the folder that /files/ serves, and /git/ as bare repositories by Git's smart protocol).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = "lab-origin"
"""Stands in every answer of an origin and in none of a gateway."""

LONGEST_HEAD = 65_536
LONGEST_KEPT = 4_000
SECONDS = 120.0
WEBSOCKET = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Certificates:
    """A server context for each name asked for, its certificate signed by the lab's authority."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._made: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def context(self, name: str) -> ssl.SSLContext:
        with self._lock:
            if name not in self._made:
                self._made[name] = self._new(name)
            return self._made[name]

    def _new(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        key = f"{self._folder}/leaf.key"
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            words = ["openssl", "req", "-new", "-x509", "-key", key, "-subj", "/CN=lab origin", "-days", "2"]
            words += ["-CA", f"{self._folder}/ca.pem", "-CAkey", f"{self._folder}/ca.key", "-out", file.name]
            # openssl would make it a CA, which some clients refuse in a server's place
            words += ["-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE"]
            subprocess.run(words, check=True, capture_output=True, timeout=30)
            context.load_cert_chain(file.name, key)
        return context


class Origin:
    def __init__(self, order: dict[str, Any]) -> None:
        self.name = str(order["name"])
        self.journal = Journal(order["journal"], self.name)
        self.files = Path(order["files"]).resolve()
        self.certificates = Certificates(order["authority"])

    # ways in

    def _http(self, plug: socket.socket, port: int) -> None:
        Conversation(self, plug, port, "http").hold()

    def _tls(self, plug: socket.socket, port: int) -> None:
        """The name asked for is written down before the handshake, which the client may break off."""
        context = self.certificates.context(f"port-{port}.invalid")

        def named(secured: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            self.journal.write("sni", port=port, name=name)
            if name:
                secured.context = self.certificates.context(name.lower().rstrip("."))

        context.sni_callback = named
        start = plug.recv(LONGEST_KEPT, socket.MSG_PEEK)
        if not start.startswith(b"\x16"):
            if start:
                self.journal.write("bytes", port=port, bytes=text(start))
            return
        with context.wrap_socket(plug, server_side=True) as secured:
            Conversation(self, secured, port, "https").hold()

    def _sink(self, plug: socket.socket, port: int) -> None:
        plug.sendall(f"{MARK} {self.name} port {port}\r\n".encode())
        while received := plug.recv(LONGEST_KEPT):
            self.journal.write("bytes", port=port, bytes=text(received))

    # listening

    def listen(self, way: str, address: str, port: int) -> None:
        if way == "udp":
            self._hear(address, port)
        else:
            self._open(address, port, {"http": self._http, "tls": self._tls, "sink": self._sink}[way])

    def _open(self, address: str, port: int, serve: Callable[[socket.socket, int], None]) -> None:
        server = socket.create_server((address, port), backlog=512)
        threading.Thread(target=self._accept, args=(server, port, serve), daemon=True).start()

    def _accept(self, server: socket.socket, port: int, serve: Callable[[socket.socket, int], None]) -> None:
        while True:
            plug, peer = server.accept()
            self.journal.write("accept", port=port, client=peer[0])
            threading.Thread(target=self._attend, args=(plug, port, serve), daemon=True).start()

    def _attend(self, plug: socket.socket, port: int, serve: Callable[[socket.socket, int], None]) -> None:
        plug.settimeout(SECONDS)
        with plug:
            try:
                serve(plug, port)
            except OSError as error:
                self.journal.write("broken", port=port, error=str(error))

    def _hear(self, address: str, port: int) -> None:
        plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        plug.bind((address, port))
        threading.Thread(target=self._receive, args=(plug, port), daemon=True).start()

    def _receive(self, plug: socket.socket, port: int) -> None:
        while True:
            received, peer = plug.recvfrom(LONGEST_KEPT)
            self.journal.write("datagram", port=port, client=peer[0], bytes=text(received))
            plug.sendto(f"{MARK} {self.name} udp {port}".encode(), peer)


class Conversation:
    """The requests of one connection, one after the other, and what is answered."""

    def __init__(self, origin: Origin, plug: socket.socket, port: int, scheme: str) -> None:
        self.origin, self.plug, self.port, self.scheme = origin, plug, port, scheme
        self.stream = plug.makefile("rb")

    def hold(self) -> None:
        while (head := self._head()) is not None:
            words = head[0].split(" ")
            if len(words) != 3 or not words[2].startswith("HTTP/1."):
                self._write_down("bytes", bytes="\n".join(head))
                return
            headers = [(key.strip(), value.strip()) for key, _, value in (line.partition(":") for line in head[1:])]
            self._write_down("request", method=words[0], target=words[1], headers=headers)
            if not self._answer(words[0], words[1], {key.lower(): value for key, value in headers}):
                return

    def _head(self) -> list[str] | None:
        lines: list[str] = []
        while line := self.stream.readline(LONGEST_HEAD):
            shown = text(line.rstrip(b"\r\n"))
            if not shown:
                return lines or None
            lines.append(shown)
        if lines:
            self._write_down("bytes", bytes="\n".join(lines))
        return None

    def _write_down(self, what: str, **more: object) -> None:
        self.origin.journal.write(what, port=self.port, scheme=self.scheme, **more)

    def _answer(self, method: str, target: str, headers: dict[str, str]) -> bool:
        """Whether the connection goes on."""
        body = self.stream.read(int(headers.get("content-length") or 0))
        path, _, query = target.partition("?")
        wanted = dict(urllib.parse.parse_qsl(query))
        if headers.get("upgrade", "").lower() == "websocket":
            self._websocket(headers.get("sec-websocket-key", ""))
            return False
        if path == "/redirect":
            self._send(302, b"", f"Location: {wanted['to']}")
        elif path == "/bytes":
            self._send(200, b"x" * int(wanted["count"]))
        elif path == "/broken":
            self.plug.sendall(b"\0 this is no HTTP\r\n\r\n")
            return False
        elif path.startswith("/files/"):
            self._file(path.removeprefix("/files/"))
        elif path.startswith("/git/"):
            self._git(method, path.removeprefix("/git"), query, headers, body)
        else:
            self._send(200, f"{MARK} {self.origin.name} {method} {target} {len(body)}\n".encode())
        return headers.get("connection", "").lower() != "close"

    def _send(self, status: int, body: bytes, *more: str) -> None:
        lines = [f"HTTP/1.1 {status} lab", f"X-Lab-Origin: {MARK}", 'Alt-Svc: h3=":443"', *more]
        if not any(one.startswith("Content-Type:") for one in more):
            lines.append("Content-Type: text/plain")
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.plug.sendall("\r\n".join(lines).encode() + body)

    def _file(self, name: str) -> None:
        path = (self.origin.files / name).resolve()
        if path.is_relative_to(self.origin.files) and path.is_file():
            self._send(200, path.read_bytes())
        else:
            self._send(404, f"{MARK} has no such file\n".encode())

    def _git(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> None:
        """By git-http-backend(1), as CGI."""
        variables = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.origin.files),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": headers.get("content-encoding", ""),
            "GIT_PROTOCOL": headers.get("git-protocol", ""),
        }
        words = ("git", "-c", "safe.directory=*", "http-backend")
        done = subprocess.run(words, env=variables, input=body, capture_output=True, timeout=60, check=True)
        head, _, found = done.stdout.partition(b"\r\n\r\n")
        lines = [one for one in text(head).split("\r\n") if not one.startswith("Status:")]
        self._send(200, found, *lines)

    def _websocket(self, key: str) -> None:
        """Shake hands and send every short frame back, unmasked."""
        proof = base64.b64encode(hashlib.sha1(f"{key}{WEBSOCKET}".encode()).digest()).decode()
        lines = ["HTTP/1.1 101 lab", f"X-Lab-Origin: {MARK}", "Upgrade: websocket", "Connection: Upgrade"]
        self.plug.sendall("\r\n".join([*lines, f"Sec-WebSocket-Accept: {proof}", "", ""]).encode())
        while len(start := self.stream.read(2)) == 2:
            (kind, length) = struct.unpack("BB", start)
            mask = self.stream.read(4)
            payload = bytes(one ^ mask[at % 4] for at, one in enumerate(self.stream.read(length & 0x7F)))
            self._write_down("frame", bytes=text(payload))
            if kind & 0x0F == 8:
                return
            self.plug.sendall(struct.pack("BB", kind, len(payload)) + payload)


def text(received: bytes) -> str:
    return received[:LONGEST_KEPT].decode("latin-1")


def main(argument: str) -> None:
    order = json.loads(argument)
    origin = Origin(order)
    for way, address, port in order["listen"]:
        origin.listen(way, address, port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
