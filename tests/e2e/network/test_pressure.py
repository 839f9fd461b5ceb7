"""A gateway that is killed, filled, or worn out: never an open network, never another session's matter."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import docker
import pytest

from tests.e2e.network.arena import ARRIVALS, arrivals_at_others, of_session, words_of
from tests.e2e.network.attacks import past, trying
from tests.e2e.network.audit import whole
from tests.e2e.network.names import OPEN, SHUT
from tests.e2e.network.seat import SessionSeat
from toolkit.model import labels
from toolkit.sessions.gateway_plan import OWNER, WRITABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.network.arena import Arena
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

IDLE = 5_000
PER_SECOND = 200
SECONDS = 10.0
MALFORMED = [
    "GET / HTTP/1.1\r\n\r\n",
    "\x00\x01\x02\r\n\r\n",
    "GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    'GET http://"}{/ HTTP/9.9\r\n\r\n',
    "CONNECT :0 HTTP/1.1\r\n\r\n",
    "\r\n\r\n\r\n",
]
HOLD = 18.0  # the gateway itself ends silent connections after 20
FILL = "cat /dev/zero 2>&1 >{place}/fill"
PROXY = f"{OWNER}:{OWNER}"
OK = trying("plain", url=f"http://{OPEN}/")


def gateways_check(site: Toolkit) -> dict[str, Any]:
    found = site.json("doctor", code=None)["checks"]
    return next(one for one in found if one["name"] == "gateways")


def complaints(site: Toolkit, session: str) -> str:
    """What `doctor` says about the gateway of this session; empty where it has nothing to say."""
    told = [one.partition(": ") for one in gateways_check(site)["detail"].split("; ")]
    return "; ".join(text for name, _, text in told if name == session)


@pytest.fixture
def victim(site: Toolkit, sessions: Callable[..., str]) -> Iterator[SessionSeat]:
    """A session of the test's own, its network in order."""
    with SessionSeat(site, sessions("custom")) as seat:
        assert seat.attempt(OK).reached
        yield seat


def test_a_killed_gateway_closes_one_sessions_network_and_is_told(
    site: Toolkit, victim: SessionSeat, engine: DockerEngine, arena: Arena
) -> None:
    session = victim.session
    words = words_of(engine, arena.lab, session, arena.other)
    engine.kill_container(of_session(engine, session, labels.GATEWAY_KIND))
    mark = arena.lab.mark()
    for tried in (OK, trying("tunnel", to=f"{OPEN}:443"), trying("plain", url=f"http://{SHUT}/")):
        assert not victim.attempt(tried).reached
    passed = [one.id for one in past.ATTACKS if victim.attempt(one.attempt.filled(words)).reached]
    assert passed == [], "every way past the gateway, now that it is gone"
    assert [one for one in arena.lab.since(mark) if one.what in {*ARRIVALS, "query"}] == []
    assert arena.seat.attempt(OK).reached, "another session does not notice"
    entries, _ = whole(site, session)
    assert OPEN in {one.host for one in entries}, "its audit outlives it"
    told = gateways_check(site)
    assert told["status"] == "warn"
    assert "its gateway does not run" in complaints(site, session)
    assert f"toolkit network update {session}" in told["fix"]
    site("network", "update", session)
    assert victim.attempt(OK).reached
    assert complaints(site, session) == ""


def test_idle_connections_and_malformed_requests_open_nothing(arena: Arena, site: Toolkit) -> None:
    alive = arena.gateway_is_alive()
    silent = site.json("audit", arena.session)["silent"]
    opened = arena.seat.attempt(trying("idle", count=IDLE, hold=HOLD))
    assert opened.more["opened"] >= IDLE * 0.9
    mark = arena.lab.mark()
    assert not arena.seat.attempt(trying("plain", url=f"http://{SHUT}/")).reached
    held = re.search(r"([0-9]+) connections are open", complaints(site, arena.session))
    assert held, "who only holds connections is seen while they last"
    assert int(held[1]) >= IDLE * 0.9
    known = arena.audit.count()
    flooded = arena.seat.attempt(trying("flood", per_second=PER_SECOND, seconds=SECONDS, kinds=MALFORMED))
    assert flooded.more["sent"] >= PER_SECOND * SECONDS * 0.8
    assert [one for one in arena.lab.since(mark) if one.peer != "names"] == []
    assert arena.gateway_is_alive() == alive
    assert arena.seat.attempt(OK).reached
    seen = arena.audit.since(known, lambda found: sum(one.rule == "malformed" for one in found) > PER_SECOND)
    assert sum(one.rule == "malformed" for one in seen) > PER_SECOND
    assert all(one.decision == "deny" for one in seen if one.host != OPEN)
    told = _when_they_have_gone(site, arena.session, silent + int(IDLE * 0.9))
    assert told["lost"] == 0


def _when_they_have_gone(site: Toolkit, session: str, count: int) -> dict[str, Any]:
    """The audit as soon as it counts this many silent connections; AssertionError where it does not."""
    deadline = time.monotonic() + HOLD * 2
    while (told := site.json("audit", session))["silent"] < count:
        assert time.monotonic() < deadline, f"{told['silent']} silent connections are told, not {count}"
    return told


def test_a_full_disk_of_the_gateways_own_ends_nothing_else(
    site: Toolkit, victim: SessionSeat, engine: DockerEngine, arena: Arena
) -> None:
    """All that can be written to is small and its own; its log is the engine's."""
    gateway = of_session(engine, victim.session, labels.GATEWAY_KIND)
    assert set(_writable_by_the_proxy(gateway)) == set(WRITABLE) - {"/run"}
    for place in WRITABLE:
        done = _run(gateway, FILL.format(place=place), user="0" if place == "/run" else PROXY)
        assert "No space left on device" in done, (place, done)
    told = complaints(site, victim.session)
    assert [place for place in WRITABLE if f"{place} is full" not in told] == []
    mark = arena.lab.mark()
    assert not victim.attempt(trying("plain", url=f"http://{SHUT}/")).reached
    assert not victim.attempt(trying("tunnel", to=f"{SHUT}:443")).reached
    assert not victim.attempt(trying("tunnel", to=f"{OPEN}:443", sni=SHUT)).reached
    assert arrivals_at_others(arena.lab.since(mark)) == []
    assert victim.attempt(OK).reached
    assert arena.seat.attempt(OK).reached, "another session does not notice"
    entries, lost = whole(site, victim.session)
    assert lost == 0
    assert {one.decision for one in entries if one.host == SHUT} == {"deny"}
    site("network", "update", victim.session)
    assert complaints(site, victim.session) == ""
    assert victim.attempt(OK).reached


def _run(container: str, script: str, user: str) -> str:
    client = docker.from_env()
    try:
        output = client.containers.get(container).exec_run(["sh", "-c", script], user=user).output
        assert isinstance(output, bytes)
        return output.decode()
    finally:
        client.close()


def _writable_by_the_proxy(gateway: str) -> list[str]:
    """The topmost folders in which it may make a file; a file that it may change would be as good as one.

    A message queue is none: the kernel holds them to less than a megabyte.
    """
    look = "find / -path /proc -prune -o -fstype mqueue -prune -o -writable ! -type l ! -type c -print 2>/dev/null"
    found = _run(gateway, look, user=PROXY)
    places = sorted(found.split())
    return [one for one in places if not any(one.startswith(f"{other}/") for other in places)]
