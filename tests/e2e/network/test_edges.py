"""What does not fit an attack and its control: names that change their minds, what leaves with a request, the audit's
own text, the layers below Squid's rules, and the edges of what is promised.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import docker
import pytest

from tests.e2e.network.arena import Arena, arrivals_at_others, of_session
from tests.e2e.network.attacks import trying
from tests.e2e.network.audit import until, whole
from tests.e2e.network.names import LEADS, OPEN, SHUT
from tests.e2e.network.seat import SessionSeat
from toolkit.model import labels
from toolkit.model.policy import RuleKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.network.lab import Note
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

# of what a client says about itself or its way, nothing may be added
USUAL_HEADERS = frozenset({"host", "user-agent", "accept", "cache-control", "connection", "accept-encoding"})
REACH = (
    "import socket, sys\n"
    "with socket.create_connection((sys.argv[1], 80), timeout=3) as plug:\n"
    "    plug.sendall(b'GET / HTTP/1.0\\r\\nConnection: close\\r\\n\\r\\n')\n"
    "    print(plug.recv(999))\n"
)


def requests(notes: list[Note]) -> list[Note]:
    return [one for one in notes if one.what == "request"]


def test_a_name_that_changes_its_mind_never_leads_inside(arena: Arena) -> None:
    """DNS rebinding: each look-up gives another address, public and private in turns, and none may be kept."""
    mark, reached = arena.lab.mark(), 0
    for _ in range(12):
        reached += arena.seat.attempt(trying("plain", url=f"http://turning.{LEADS}/")).reached
        reached += arena.seat.attempt(trying("tunnel", to=f"turning.{LEADS}:443")).reached
        time.sleep(0.3)  # the answers may be kept for a second
    notes = arena.lab.since(mark)
    assert reached > 0, "while it leads to a public address it is reached"
    assert len([one for one in notes if one.what == "query" and one.more["type"] == "A"]) > 1, "it was asked again"
    assert arrivals_at_others(notes) == []


@pytest.fixture
def beside_the_private_origin(
    arena: Arena, engine: DockerEngine, site: Toolkit, sessions: Callable[..., str]
) -> Iterator[tuple[str, str]]:
    """A session whose gateway has a third leg, in the private origin's own network; both ids."""
    session = sessions("custom")
    gateway = of_session(engine, session, labels.GATEWAY_KIND)
    client = docker.from_env()
    network = client.networks.get(arena.lab.private_network)
    # while it stands still: its routes lead nowhere from its start on, and engines mind that
    engine.stop_container(gateway, seconds=5)
    network.connect(gateway)
    site("network", "update", session)
    yield session, gateway
    network.disconnect(gateway)
    client.close()


def test_a_private_origin_within_the_gateways_reach_is_refused(
    arena: Arena, engine: DockerEngine, site: Toolkit, beside_the_private_origin: tuple[str, str]
) -> None:
    """The routes do not help here: the rule of Squid has to."""
    session, gateway = beside_the_private_origin
    mark = arena.lab.mark()
    words = ("python3", "-c", REACH, arena.lab.addresses.private)
    control = engine.execute(gateway, words, environment={}, timeout=20)
    assert b"lab-origin" in control.stdout, control
    assert arrivals_at_others(arena.lab.since(mark))
    mark = arena.lab.mark()
    with SessionSeat(site, session) as seat:
        assert seat.attempt(trying("plain", url=f"http://right.{LEADS}/")).reached
        for name in ("private", "mixed", "many", "alias", "six-mapped"):
            assert not seat.attempt(trying("plain", url=f"http://{name}.{LEADS}/")).reached, name
            assert not seat.attempt(trying("tunnel", to=f"{name}.{LEADS}:443")).reached, name
    assert arrivals_at_others(arena.lab.since(mark)) == []


def test_routes_close_what_squid_might_be_talked_into(arena: Arena, engine: DockerEngine) -> None:
    """Even a program inside the gateway reaches what is public and nothing of this host's or of private networks."""
    at = arena.lab.addresses
    allowed = engine.execute(arena.gateway, ("python3", "-c", REACH, at.origin), environment={}, timeout=20)
    assert b"lab-origin" in allowed.stdout
    mark = arena.lab.mark()
    for address in (at.machine, at.docker, at.bridge, at.private):
        refused = engine.execute(arena.gateway, ("python3", "-c", REACH, address), environment={}, timeout=20)
        assert refused.exit_code != 0, address
    assert arrivals_at_others(arena.lab.since(mark)) == []


def test_nothing_is_added_that_tells_of_the_session(arena: Arena) -> None:
    mark = arena.lab.mark()
    answer = arena.seat.attempt(trying("plain", url=f"http://{OPEN}/", headers=["User-Agent: u", "Accept: */*"]))
    (note,) = requests(arena.lab.since(mark))
    assert {key.lower() for key, _ in note.more["headers"]} <= USUAL_HEADERS
    assert arena.words["session"] not in json.dumps(note.more)
    assert "alt-svc" not in answer.text.lower(), "no other way to the origin is offered"
    assert "squid" not in answer.text.lower()


def test_the_url_decides_and_not_the_host_header(arena: Arena) -> None:
    """A foreign Host beside an allowed URL does not get past the gateway."""
    mark = arena.lab.mark()
    arena.seat.attempt(trying("plain", url=f"http://{OPEN}/", host=SHUT))
    hosts = [value for one in requests(arena.lab.since(mark)) for key, value in one.more["headers"] if key == "Host"]
    assert set(hosts) <= {OPEN}


@pytest.mark.parametrize("names", [[OPEN, SHUT], [f"{OPEN}\0.{SHUT}"]], ids=["two names", "NUL"])
def test_a_bent_hello_goes_no_further_than_the_host_that_was_asked_for(arena: Arena, names: list[str]) -> None:
    """Not promised is that an allowed host sees an honest hello; promised is that it is the allowed host."""
    mark = arena.lab.mark()
    arena.seat.attempt(trying("tunnel", to=f"{OPEN}:443", names=names))
    assert arrivals_at_others(arena.lab.since(mark)) == []


FORGED = '{"n":0,"t":1,"ms":1,"method":"GET","host":"forged.example","policy":"allow:allow"}'
HOSTILE = [
    f'http://{OPEN}/"}}{FORGED}',
    f"http://{OPEN}/%0a{FORGED}",
    f"http://{OPEN}/?token=hunter2-in-query&x=1",
    f"http://user:hunter2-in-url@{OPEN}/",
    f"http://{OPEN}/\x1b[31m\x07",
    f'http://"{SHUT}"/',
    f"http://{SHUT}/\xff\xfe",
]


def test_hostile_text_neither_breaks_nor_forges_the_audit(arena: Arena, site: Toolkit) -> None:
    for url in HOSTILE:
        header = [f'User-Agent: "}}\t{FORGED}\x1b[2J', "Referer: http://forged.example/"]
        arena.seat.attempt(trying("plain", url=url, headers=header))
        arena.seat.attempt(trying("raw", data=f'GET {url}\n{FORGED}\n HTTP/1.1\r\nHost: "\r\n\r\n'))
    arena.seat.attempt(trying("plain", url=f"http://last.{SHUT}/"))
    until(site, arena.session, lambda found: any(one.host == f"last.{SHUT}" for one in found))
    entries, lost = whole(site, arena.session)
    assert lost == 0
    assert {one.decision for one in entries} == {"allow", "deny"}
    assert "forged.example" not in {one.host for one in entries}
    text = site("audit", arena.session).stdout + site("audit", arena.session, "--json").stdout
    assert "hunter2" not in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_every_rule_in_the_audit_is_one_of_the_policy(arena: Arena, site: Toolkit) -> None:
    """What a reader sees is either a rule of `network show`, its kind, or one of the two that TLS adds."""
    known = set(RuleKind) | {"sni", "protocol"} | set().union(*arena.patterns.values())
    entries, _ = whole(site, arena.session)
    assert {one.rule for one in entries} <= known
