"""A gateway that is killed, filled, or worn out: never an open network, never another session's matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.network.arena import of_session
from tests.e2e.network.attacks import trying
from tests.e2e.network.audit import whole
from tests.e2e.network.names import OPEN, SHUT
from tests.e2e.network.seat import SessionSeat
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable

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
OK = trying("plain", url=f"http://{OPEN}/")


def test_a_killed_gateway_closes_one_sessions_network_and_is_told(
    site: Toolkit, sessions: Callable[..., str], engine: DockerEngine, arena: Arena
) -> None:
    session = sessions("custom")
    with SessionSeat(site, session) as seat:
        assert seat.attempt(OK).reached
        engine.kill_container(of_session(engine, session, labels.GATEWAY_KIND))
        mark = arena.lab.mark()
        for tried in (OK, trying("tunnel", to=f"{OPEN}:443"), trying("plain", url=f"http://{SHUT}/")):
            assert not seat.attempt(tried).reached
        assert [one for one in arena.lab.since(mark) if one.peer != "names"] == []
        assert arena.seat.attempt(OK).reached, "another session does not notice"
        entries, _ = whole(site, session)
        assert OPEN in {one.host for one in entries}, "its audit outlives it"
        told = next(one for one in site.json("doctor", code=None)["checks"] if one["name"] == "gateways")
        assert told["status"] == "warn"
        assert session in told["detail"]
        assert f"toolkit network update {session}" in told["fix"]
        site("network", "update", session)
        assert seat.attempt(OK).reached


def test_idle_connections_and_malformed_requests_open_nothing(arena: Arena, site: Toolkit) -> None:
    alive = arena.gateway_is_alive()
    opened = arena.seat.attempt(trying("idle", count=IDLE, hold=8.0))
    assert opened.more["opened"] >= IDLE * 0.9
    mark = arena.lab.mark()
    assert not arena.seat.attempt(trying("plain", url=f"http://{SHUT}/")).reached
    known = arena.audit.count()
    flooded = arena.seat.attempt(trying("flood", per_second=PER_SECOND, seconds=SECONDS, kinds=MALFORMED))
    assert flooded.more["sent"] >= PER_SECOND * SECONDS * 0.8
    assert [one for one in arena.lab.since(mark) if one.peer != "names"] == []
    assert arena.gateway_is_alive() == alive
    assert arena.seat.attempt(OK).reached
    seen = arena.audit.since(known, lambda found: sum(one.rule == "malformed" for one in found) > PER_SECOND)
    assert all(one.decision == "deny" for one in seen if one.host != OPEN)
    told = site.json("audit", arena.session)
    assert told["silent"] >= IDLE * 0.9, "who only holds connections is seen as well"
    assert told["lost"] == 0


def test_a_full_disk_of_the_gateways_own_ends_nothing_else(
    site: Toolkit, sessions: Callable[..., str], engine: DockerEngine, arena: Arena
) -> None:
    """All that it may write to is small and its own; its log is the engine's."""
    session = sessions("custom")
    gateway = of_session(engine, session, labels.GATEWAY_KIND)
    fill = "for d in /tmp /run/gateway /run; do cat /dev/zero >$d/fill 2>/dev/null; done; true"
    engine.execute(gateway, ("sh", "-c", fill), environment={}, timeout=60)
    with SessionSeat(site, session) as seat:
        assert seat.attempt(OK).reached
        assert not seat.attempt(trying("plain", url=f"http://{SHUT}/")).reached
    assert arena.seat.attempt(OK).reached
