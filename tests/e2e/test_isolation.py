"""Level none: nothing but itself and loopback. Every attack has a positive control; the target's silence counts."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from testcontainers.core.container import DockerContainer

from tests.support import own_things
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

CONNECT = """
import socket, sys
for address in sys.argv[1].split(','):
    host, port = address.rsplit(':', 1)
    try:
        with socket.create_connection((host, int(port)), timeout=2) as plug:
            print(address, 'REACHED', plug.recv(5).decode())
    except OSError as error:
        print(address, 'failed', error)
"""
ASK = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
    plug.settimeout(2)
    query = bytes.fromhex('123401000001000000000000') + b'\\x04leak\\x07example\\x03com'
    query += bytes.fromhex('0000010001')
    try:
        plug.sendto(query, (sys.argv[1], int(sys.argv[2])))
        answer = plug.recv(100)
        # the engine's own resolver may say so when it could ask nobody (RFC 1035, 4.1.1: the code of the answer)
        code = answer[3] & 15 if answer[:2] == query[:2] else 0
        print(f'failed, code {code}' if code else f'ANSWERED {answer}')
    except OSError as error:
        print('failed', error)
"""


class Listener:
    """TCP and UDP on every address of this host; remembers who came."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._closing = threading.Event()
        self._tcp = socket.create_server(("", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("", self.port))
        for plug in (self._tcp, self._udp):
            plug.settimeout(0.1)
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._accept, self._receive)]
        for thread in self._threads:
            thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                plug, address = self._tcp.accept()
                with plug:
                    self.seen.append(f"tcp {address[0]}")
                    plug.sendall(b"hello")

    def _receive(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                _, address = self._udp.recvfrom(512)
                self.seen.append(f"udp {address[0]}")
                self._udp.sendto(b"answer", address)

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join(timeout=5)
        for plug in (self._tcp, self._udp):
            plug.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


@pytest.fixture
def image(engine: DockerEngine, provisioned: Toolkit) -> str:
    return str(
        provisioned.json("up", "--yes", "--stack", provisioned.environment["TEST_STACK"])["images"]["default"]["digest"]
    )


def bridge_address(engine: DockerEngine) -> str:
    """The host's address on the engine's default bridge."""
    pool = next(one for one in engine.networks() if one.name == "bridge").subnets[0]
    return pool.rpartition(".")[0] + ".1"


def host_addresses(engine: DockerEngine) -> set[str]:
    """What this host answers to: its default bridge, and the address that it would send from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        plug.connect(("192.0.2.1", 9))  # sends nothing: it only asks the kernel for a source address
        return {bridge_address(engine), plug.getsockname()[0]}


@pytest.fixture
def neighbour(engine: DockerEngine, image: str) -> Iterator[DockerContainer]:
    """The positive control: an ordinary container on the engine's default bridge."""
    with DockerContainer(image).with_kwargs(
        entrypoint=["sleep", "infinity"], labels=own_things.marks(), init=True
    ) as container:
        yield container


def test_no_listener_of_the_host_is_reached(
    toolkit: Toolkit, engine: DockerEngine, listener: Listener, neighbour: DockerContainer
) -> None:
    targets = {f"{address}:{listener.port}" for address in host_addresses(engine)}
    control = neighbour.exec(["python3", "-c", CONNECT, f"{bridge_address(engine)}:{listener.port}"])
    assert b"REACHED hello" in control.output
    assert listener.seen
    listener.seen.clear()

    session = toolkit.json("remote", "true", "--wait")["session"]
    subnet = own_subnet(engine, session["id"])
    near = {f"{subnet.rpartition('.')[0]}.{last}:{listener.port}" for last in neighbours_of(subnet)}
    words = ("python3", "-c", CONNECT, ",".join(sorted(targets | near | {f"127.0.0.11:{listener.port}"})))
    output = toolkit("exec", session["id"], "--", *words).stdout
    assert output.count("failed") == len(targets | near) + 1
    assert "REACHED" not in output
    assert listener.seen == []


def test_udp_and_dns_do_not_leave(
    toolkit: Toolkit, engine: DockerEngine, listener: Listener, neighbour: DockerContainer
) -> None:
    address = bridge_address(engine)
    assert b"ANSWERED" in neighbour.exec(["python3", "-c", ASK, address, str(listener.port)]).output
    assert listener.seen
    listener.seen.clear()

    session = toolkit.json("remote", "true", "--wait")["session"]["id"]
    with DnsTrap("127.0.0.1") as trap:  # of the host: where the session's resolver would lead in the engine's own place
        for target in (address, "127.0.0.11"):
            port = str(listener.port) if target == address else "53"
            assert "failed" in toolkit("exec", session, "--", "python3", "-c", ASK, target, port).stdout
        assert trap.seen == []
    assert listener.seen == []


def test_names_resolve_to_nothing_and_at_once(toolkit: Toolkit, engine: DockerEngine) -> None:
    """Also after the session has pointed its resolver at the engine's own."""
    session = toolkit.json("remote", "true", "--wait")["session"]["id"]
    look_up = "import time, socket; t = time.monotonic()\ntry: print(socket.getaddrinfo('leak.example.com', 80))\n"
    look_up += "except OSError: print('none', time.monotonic() - t < 2)"
    assert toolkit("exec", session, "--", "python3", "-c", look_up).stdout == "none True\n"
    with DnsTrap(bridge_address(engine)) as trap:
        overwrite = "echo nameserver 127.0.0.11 > /etc/resolv.conf; getent hosts leak.example.com"
        toolkit("exec", session, "--", "timeout", "8", "sh", "-c", overwrite, code=None)
        assert trap.seen == []


class DnsTrap:
    """Port 53 of one of the host's addresses, to see whether a query arrives."""

    def __init__(self, address: str) -> None:
        self.seen: list[bytes] = []
        self._closing = threading.Event()
        self._plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._plug.settimeout(0.1)
        self._plug.bind((address, 53))
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        while not self._closing.is_set():
            try:
                query, address = self._plug.recvfrom(512)
            except TimeoutError:
                continue
            self.seen.append(query)
            self._plug.sendto(query[:2] + b"\x81\x83" + query[4:], address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join(timeout=5)
        self._plug.close()


def test_the_dns_trap_catches_an_ordinary_container(engine: DockerEngine, image: str) -> None:
    """The positive control of the test above."""
    address = bridge_address(engine)
    with (
        DnsTrap(address) as trap,
        DockerContainer(image).with_kwargs(
            entrypoint=["sleep", "infinity"], labels=own_things.marks(), init=True, dns=[address]
        ) as container,
    ):
        container.exec(["getent", "hosts", "leak.example.com"])
        assert trap.seen


def test_another_session_is_out_of_reach(toolkit: Toolkit, engine: DockerEngine) -> None:
    serve = "python3 -m http.server 8000 >/dev/null 2>&1 & sleep 0.5; true"
    first = toolkit.json("remote", serve, "--wait")["session"]["id"]
    second = toolkit.json("remote", "true", "--wait")["session"]["id"]
    target = own_address(engine, first)
    direct = "import urllib.request as u; u.install_opener(u.build_opener(u.ProxyHandler({})))"
    fetch = f"{direct}; print(u.urlopen('http://{target}:8000', timeout=3).status)"
    assert toolkit("exec", first, "--", "python3", "-c", fetch).stdout == "200\n"
    assert "200" not in toolkit("exec", second, "--", "python3", "-c", fetch, code=1).stdout


def test_there_is_no_ipv6_and_only_loopback_beside_the_own_address(toolkit: Toolkit, engine: DockerEngine) -> None:
    session = toolkit.json("remote", "cat /proc/net/if_inet6 /proc/net/fib_trie; ls /sys/class/net", "--wait")[
        "session"
    ]["id"]
    output = toolkit("logs", session).stdout
    assert not [line for line in output.splitlines() if line.startswith("fe80") and "eth" in line]
    assert own_address(engine, session) in output


def test_the_session_is_confined(toolkit: Toolkit) -> None:
    task = (
        "grep -E 'CapBnd|NoNewPrivs|Seccomp:' /proc/self/status; ls /var/run/docker.sock;"
        " unshare -Urn true; python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)';"
        " python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'; true"
    )
    session = toolkit.json("remote", task, "--wait")["session"]["id"]
    done = toolkit("logs", session)
    kept = {0, 1, 3, 4, 6, 7, 5}  # chown dac_override fowner fsetid setgid setuid kill
    assert f"CapBnd:\t{sum(1 << one for one in kept):016x}" in done.stdout
    assert "NoNewPrivs:\t1" in done.stdout
    assert "Seccomp:\t2" in done.stdout
    assert "docker.sock" not in done.stdout
    assert done.stderr.count("Operation not permitted") + done.stderr.count("PermissionError") >= 3


def test_limits_are_in_force(toolkit: Toolkit) -> None:
    fork_bomb = "for i in $(seq 400); do sleep 60 & done; wait"
    ended = toolkit.json("remote", f"bash -c '{fork_bomb}' ; true", "--wait", code=None)["session"]
    assert ended["state"] == "failed"
    (listed,) = [one for one in toolkit.json("tasks")["sessions"] if one["id"] == ended["id"]]
    assert "resources.pids" in listed["reason"]  # the turn is killed by the session's runner, and the session rests
    assert "fork" in toolkit("logs", ended["id"]).stderr
    eat = "python3 -c 'x = bytearray(800 * 1024 * 1024)'; echo code $?"
    session = toolkit.json("remote", eat, "--wait")["session"]["id"]
    assert "code 137" in toolkit("logs", session).stdout


def own_subnet(engine: DockerEngine, session: str) -> str:
    return engine.networks(labels={labels.SESSION: session})[0].subnets[0]


def own_address(engine: DockerEngine, session: str) -> str:
    base, _, last = own_subnet(engine, session).partition("/")[0].rpartition(".")
    return f"{base}.{int(last) + 2}"


def neighbours_of(subnet: str) -> list[int]:
    """The last numbers of the subnet's addresses, but for the session's own."""
    first = int(subnet.partition("/")[0].rpartition(".")[2])
    return [first + 1, *range(first + 3, first + 7)]
