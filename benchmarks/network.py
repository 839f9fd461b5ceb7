"""The way through a gateway beside the direct one: bulk, new connections, and a long list beside a short one.

A peer on documentation addresses serves https; one client asks it from a session, through its gateway, another from a
plain container beside the peer. Both run the same program, in turns. `gateways.py` has the rows about the gateways
themselves.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from toolkit.engines.connection import connect
from toolkit.model import labels
from toolkit.sessions import ends, subnets

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "bench.example.com"
ROUNDS = 7
MEGABYTES = 250
CONNECTIONS = 60
NAMES = 10_000
_POOL = "198.51.100.0/24"
_KIND = {labels.KIND: "test"}

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
    engine = connect()
    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch, _grounds(Path(scratch), toolkit) as made:
        image, start = made
        with _outside(image) as (network, address, direct):
            short = start("short", network, address)
            long = start("long", network, address)
            try:
                return _measured(direct, _inside(toolkit, short, address), _inside(toolkit, long, address))
            finally:
                for one in (short, long):
                    ends.discard(engine, one)


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


@contextmanager
def _grounds(folder: Path, toolkit: tuple[str, ...]) -> Iterator[tuple[str, Callable[[str, str, str], str]]]:
    """A root with a short and a long list, built; and how to start a session in one of them."""
    root, config, work = folder / "root", folder / "config" / "toolkit", folder / "work"
    (root / "envs").mkdir(parents=True)
    config.mkdir(parents=True)
    for name, count in (("short", 9), ("long", NAMES - 1)):
        allow = [HOST, *(f"n{index}.example.org" for index in range(count))]
        body = {"version": 1, "name": name, "network": {"access": "custom", "allow": allow}}
        (root / "envs" / f"{name}.yaml").write_text(json.dumps(body))
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "toolkit" / "settings.yaml"
    site = own.read_text() if own.exists() else "site: {}\n"
    (config / "settings.yaml").write_text(site)
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    subprocess.run(["git", "-C", str(work), *identity, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    settings = {**os.environ, "XDG_CONFIG_HOME": str(config.parent)}

    def run(*words: str) -> dict[str, Any]:
        argv = [*toolkit, "--root", str(root), *words, "--json"]
        done = subprocess.run(argv, cwd=work, env=settings, check=True, capture_output=True, text=True, timeout=600)
        return dict(json.loads(done.stdout))

    def start(environment: str, network: str, address: str) -> str:
        (config / "settings.yaml").write_text(f"{site}  egress: {{network: {network}, dns: [{address}]}}\n")
        return str(run("remote", "true", "--wait", "--env", environment)["session"]["id"])

    image = run("up", "--yes", "--stack", "bench")["images"]["short"]["reference"]
    try:
        yield image, start
    finally:
        run("destroy", "--yes", "--force", "--stack", "bench")


@contextmanager
def _outside(image: str) -> Iterator[tuple[str, str, Client]]:
    """The peer, and a client beside it."""
    engine = connect()
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = subnets.choose([_POOL], (*used, *subnets.taken_by_host()), prefix=28)
    address = str(subnet[3])
    pool = {"Config": [{"Subnet": str(subnet)}]}
    with Network(docker_network_kw={"ipam": pool, "labels": _KIND}) as network:
        where = {"network": network.name, "labels": _KIND, "init": True, "user": "0:0"}
        endpoint = {network.name: {"IPAMConfig": {"IPv4Address": address}}}
        server = DockerContainer(image).with_kwargs(
            entrypoint=["python3", "-u", "-c", SERVER, address], networking_config=endpoint, **where
        )
        beside = DockerContainer(image).with_kwargs(entrypoint=["sleep", "infinity"], **where)
        ready = LogMessageWaitStrategy("ready").with_startup_timeout(60)
        with server.waiting_for(ready), beside:

            def direct(what: str, count: int) -> float:
                return float(beside.exec(["python3", "-c", CLIENT, what, str(count), address]).output)

            yield network.name, address, direct


def _inside(toolkit: tuple[str, ...], session: str, address: str) -> Client:
    def through(what: str, count: int) -> float:
        argv = [*toolkit, "exec", session, "--", "python3", "-c", CLIENT, what, str(count), address]
        return float(subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300).stdout)

    return through
