"""The way through a gateway beside the direct one: bulk, new connections, and a long list beside a short one.

A peer on documentation addresses serves https; one client asks it from a session, through its gateway, another from a
plain container beside the peer. Both run the same program, in turns. `gateways.py` has the rows about the gateways
themselves.
"""

from __future__ import annotations

import statistics
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from grounds import built, peer

from toolkit.engines.connection import connect
from toolkit.sessions import ends

HOST = "bench.example.com"
ROUNDS = 7
MEGABYTES = 250
CONNECTIONS = 60
NAMES = 10_000

Client = Callable[[str, int], float]
"""Takes `bulk` and a number of megabytes, or `connections` and how many; gives seconds."""

SERVER = """
import http.server, socket, ssl, struct, subprocess, sys, threading
make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench"
subprocess.run([*make.split(), "-keyout", "/tmp/k", "-out", "/tmp/c"], check=True, capture_output=True)
BLOCK = b"x" * (1 << 20)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        count = int(self.path[1:])
        self.send_response(200); self.send_header("Content-Length", str(count << 20)); self.end_headers()
        for _ in range(count): self.wfile.write(BLOCK)
    def log_message(self, *words): pass
def names():
    plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); plug.bind(("", 53))
    while True:
        query, sender = plug.recvfrom(512); at = 12
        while query[at]: at += query[at] + 1
        found = query[at + 1:at + 3] == b"\\0\\1"
        count = b"\\0\\1" if found else b"\\0\\0"
        answer = query[:2] + b"\\x81\\x80\\0\\1" + count + b"\\0\\0\\0\\0" + query[12:at + 5]
        if found: answer += b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\1\\0\\0\\4" + socket.inet_aton(sys.argv[1])
        plug.sendto(answer, sender)
threading.Thread(target=names, daemon=True).start()
server = http.server.ThreadingHTTPServer(("", 443), Answer)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain("/tmp/c", "/tmp/k")
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print("ready", flush=True); server.serve_forever()
"""

CLIENT = """
import os, socket, ssl, sys, time
what, count, address = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl._create_unverified_context()
proxy = os.environ.get("https_proxy", "").rpartition("/")[2].split(":")
def opened():
    plug = socket.create_connection((proxy[0], int(proxy[1])) if proxy[0] else (address, 443), timeout=30)
    if proxy[0]:
        plug.sendall(b"CONNECT %b:443 HTTP/1.1\\r\\nHost: %b:443\\r\\n\\r\\n" % (NAME, NAME))
        assert b" 200 " in plug.recv(4096)
    return context.wrap_socket(plug, server_hostname=NAME.decode())
NAME = b"bench.example.com"
began = time.perf_counter()
for _ in range(count if what == "connections" else 1):
    with opened() as way:
        way.sendall(b"GET /%d HTTP/1.0\\r\\n\\r\\n" % (0 if what == "connections" else count))
        while way.recv(1 << 18): pass
print(time.perf_counter() - began)
"""


def rows(toolkit: tuple[str, ...]) -> list[list[str]]:
    """`toolkit` is how to start it, without a root. Each row: what, beside, median ratio, spread, goal."""
    networks = {"short": _custom(9), "long": _custom(NAMES - 1)}
    with (
        tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch,
        built(Path(scratch), toolkit, stack="bench", environments=networks) as root,
        peer(root.images["short"], SERVER, seconds=60) as outside,
        ExitStack() as made,
    ):
        root.leave_by(f"{{network: {outside.network}, dns: [{outside.address}]}}")
        work = _repository(Path(scratch) / "work")

        def inside(environment: str) -> Client:
            session = root.start("--env", environment, cwd=work)
            made.callback(ends.discard, connect(), session)
            return _client(lambda *argv: root.run("exec", session, "--", *argv), outside.address)

        return _measured(_client(outside.ask, outside.address), inside("short"), inside("long"))


def _measured(direct: Client, short: Client, long: Client) -> list[list[str]]:
    bulk = _ratios(direct, short, "bulk", MEGABYTES)
    many = _ratios(direct, short, "connections", CONNECTIONS)
    lists = _ratios(long, short, "connections", CONNECTIONS)
    return [
        _cells(f"https through the gateway, {MEGABYTES} MB", "direct", bulk, "≥ 0.85"),
        _cells("new https connections a second through the gateway", "direct", many, "≥ 0.6"),
        _cells(f"a connection with {NAMES} names in the policy", "10 names", lists, "≤ 1.1"),
    ]


def _ratios(first: Client, second: Client, what: str, count: int) -> list[float]:
    """One ratio a round. There and back: what the machine does beside us meanwhile weighs on both alike."""
    first(what, count)  # the first of all pays for what is then warm
    found = []
    for _ in range(ROUNDS):
        one, two = first(what, count), second(what, count)
        two, one = two + second(what, count), one + first(what, count)
        found.append(one / two)
    return found


def _cells(name: str, yardstick: str, ratios: list[float], goal: str) -> list[str]:
    spread = f"{min(ratios):.2f} … {max(ratios):.2f}"
    return [name, yardstick, f"{statistics.median(ratios):.2f}", spread, goal]


def _custom(count: int) -> dict[str, Any]:
    """A list of so many names beside the one that is asked for."""
    return {"access": "custom", "allow": [HOST, *(f"n{index}.example.org" for index in range(count))]}


def _repository(work: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", str(work), *identity, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    return work


def _client(run: Callable[..., str], address: str) -> Client:
    return lambda what, count: float(run("python3", "-c", CLIENT, what, str(count), address))
