"""git's smart http for one repository, by `git http-backend`, to whoever knows the session's token.

The repository is always the same one: the path of a request chooses nothing but whether it is answered.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SERVICES = ("git-upload-pack", "git-receive-pack")
_CHUNK = 65536
_REALM = 'Basic realm="toolkit git gateway"'
_LFS = (
    "toolkit: Git LFS files do not pass the session's git gateway; GIT_LFS_SKIP_SMUDGE=1 leaves their pointers in place"
)


class Site(NamedTuple):
    """`name`: the repository's, in paths. `before(service)` runs before refs are told and may refuse."""

    bare: str
    name: str
    token: str
    before: Callable[[str], str]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], site: Site) -> None:
        super().__init__(address, Handler)
        self.site = site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 3600
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name that http.server gives it
        """Nothing: git tells its user what happened."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        service = parse_qs(parts.query).get("service", [""])[0]
        if not self._is_admitted() or not self._is_ours(parts.path, "info/refs"):
            return
        if service not in _SERVICES:
            self._answer(403, "toolkit: this gateway speaks git's smart http only")
            return
        refusal = self.server.site.before(service)
        if refusal:
            self._answer(502, f"toolkit: {refusal}")
            return
        self._serve("/info/refs", f"service={service}")

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_admitted():
            return
        if "/info/lfs" in path:
            self._answer(501, json.dumps({"message": _LFS}), kind="application/vnd.git-lfs+json")
            return
        service = path.rpartition("/")[2]
        if service in _SERVICES and self._is_ours(path, service):
            self._serve(f"/{service}", "")
        elif service not in _SERVICES:
            self._answer(404, f"toolkit: this gateway has no {path}")

    def _is_admitted(self) -> bool:
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        try:
            password = base64.b64decode(value).partition(b":")[2] if kind.lower() == "basic" else b""
        except ValueError:
            password = b""
        if hmac.compare_digest(password, self.server.site.token.encode()):
            return True
        self._answer(401, "toolkit: the git gateway takes this session's own token only")
        return False

    def _is_ours(self, path: str, rest: str) -> bool:
        name = self.server.site.name
        if path in {f"/{name}.git/{rest}", f"/{name}/{rest}"}:
            return True
        asked = path[: -len(rest)].strip("/") if path.endswith(rest) else path
        self._answer(
            404,
            f"toolkit: this gateway serves {name}.git alone, not {asked}: other repositories (submodules too) are "
            "reached by https, where the network policy allows their host",
        )
        return False

    def _serve(self, rest: str, query: str) -> None:
        backend = subprocess.Popen(
            ("git", "http-backend"),
            env=self._variables(rest, query),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert backend.stdin is not None
        assert backend.stdout is not None
        feeder = threading.Thread(target=_feed, args=(self._body(), backend.stdin), daemon=True)
        feeder.start()
        try:
            self._relay(backend.stdout)
        finally:
            backend.stdout.close()
            code = backend.wait()
            feeder.join(timeout=5)
            if feeder.is_alive() or code:
                self.close_connection = True  # part of the request may still be on its way

    def _variables(self, rest: str, query: str) -> dict[str, str]:
        site = self.server.site
        kept = ("PATH", "HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "LC_ALL")
        told = {
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        if self.headers.get("Content-Length") and not self._is_chunked():
            told["CONTENT_LENGTH"] = self.headers["Content-Length"]
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **{name: value for name, value in told.items() if value},
            "GIT_PROJECT_ROOT": site.bare,
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": rest,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "session",  # without one, http-backend takes no push
            "REMOTE_ADDR": self.client_address[0],
        }

    def _is_chunked(self) -> bool:
        return "chunked" in self.headers.get("Transfer-Encoding", "").lower()

    def _body(self) -> Iterator[bytes]:
        if not self._is_chunked():
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))
            return
        while True:
            size = int(self.rfile.readline(64).split(b";")[0].strip() or b"0", 16)
            yield from self._exactly(size)
            if not size:
                while self.rfile.readline(8192).strip():
                    pass  # trailers
                return
            self.rfile.readline(64)

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size:
            chunk = self.rfile.read(min(size, _CHUNK))
            if not chunk:
                raise ConnectionError("the client went away")
            size -= len(chunk)
            yield chunk

    def _relay(self, stream: IO[bytes]) -> None:
        """What a CGI program says: headers, an empty line, the body."""
        status, headers = 200, []
        for line in iter(stream.readline, b""):
            text = line.decode("latin-1").strip()
            if not text:
                break
            name, _, value = text.partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        else:
            self._answer(500, "toolkit: git http-backend ended without an answer")
            return
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            chunk = stream.read1(_CHUNK)  # type: ignore[attr-defined]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if not chunk:
                return

    def _answer(self, status: int, text: str, *, kind: str = "text/plain; charset=utf-8") -> None:
        body = (text + "\n").encode()
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", _REALM)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


def _feed(body: Iterator[bytes], pipe: IO[bytes]) -> None:
    try:
        with pipe:
            for chunk in body:
                pipe.write(chunk)
    except (OSError, ValueError) as error:  # the program ended early, or the client went away
        sys.stderr.write(f"a request was cut off: {error}\n")
