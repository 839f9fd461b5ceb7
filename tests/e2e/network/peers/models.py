"""Both models' APIs behind TLS, as small as the agents' programs let them be; writes down what it is asked.

What is answered depends on the request alone, so that no test needs to prepare it. The user's last text decides:
`run: CMD` calls the shell with CMD, and then tells what that said; `refuse: STATUS` is an error of HTTP; to any other
text the model tells all that the user has said so far. Its one argument is JSON: `name`, `journal` (a file), `port`
and `authority` (a folder, see origin.py).
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from . import anthropic, openai
from .journal import Journal
from .origin import Certificates

if TYPE_CHECKING:
    import ssl

KEYS = ("x-api-key", "authorization")
APIS = (anthropic, openai)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, order: dict[str, Any]) -> None:
        super().__init__(("0.0.0.0", int(order["port"])), Conversation)
        self.journal = Journal(order["journal"], order["name"])
        certificates = Certificates(order["authority"])
        context = certificates.context("model.invalid")

        def named(plug: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            if name:
                plug.context = certificates.context(name)

        context.sni_callback = named
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)


class Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """The journal has it."""

    def do_GET(self) -> None:
        """codex looks whether it may use a WebSocket first, and whether models have been listed."""
        self._write_down("looked")
        self._send(426 if self.headers.get("Upgrade") else 404, {})

    def do_HEAD(self) -> None:
        self._write_down("looked")
        self._send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        api = next((one for one in APIS if path == one.PATH), None)
        if api is None:
            self._write_down("looked")
            self._send(404, {})
            return
        request = json.loads(body)
        self._write_down("asked", told=api.told(request), said=api.said(request))
        status, answer = _answer(api, request)
        if status == 200:
            self._stream(answer)
        else:
            self._send(status, answer)

    def _write_down(self, what: str, **more: object) -> None:
        keys = {key: self.headers[key] for key in KEYS if self.headers.get(key)}
        self.server.journal.write(what, method=self.command, path=self.path, host=self.headers["Host"], **keys, **more)

    def _send(self, status: int, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _stream(self, events: list[dict[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for one in events:
            self.wfile.write(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode())


def _answer(api: Any, request: dict[str, Any]) -> tuple[int, Any]:
    result, said = api.result(request), api.said(request)
    if result is not None:
        return 200, api.events(request, api.text(f"the tool said {result}"))
    order, _, rest = (said[-1] if said else "").partition(": ")
    if order == "refuse":
        return int(rest), api.refusal("the model of the tests refuses")
    call = api.call(request, rest) if order == "run" else None
    return 200, api.events(request, call or api.text(f"heard {len(said)}: {' | '.join(said)}"))


def main(argument: str) -> None:
    server = Server(json.loads(argument))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
