"""Each level in a session of its own; a changed policy takes hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.network import grounds
from tests.e2e.network.arena import arrivals_at_others
from tests.e2e.network.attacks import trying
from tests.e2e.network.audit import whole
from tests.e2e.network.names import LEADS, NOISY, OPEN, SHUT, TRACKER, WILD
from tests.e2e.network.seat import SessionSeat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.network.lab import Lab
    from tests.support.cli import Toolkit

PRESET = "api.anthropic.com"  # on the default list; in the lab it leads to the lab's own origin
LEVELS = ("none", "trusted", "full", "custom")
REFUSALS = (403, 407)


@pytest.fixture(scope="module", params=LEVELS)
def level(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def session(level: str, sessions: Callable[..., str], lab: Lab) -> str:
    lab.name(PRESET, A=[lab.addresses.origin])
    return sessions(level)


@pytest.fixture(scope="module")
def seat(site: Toolkit, session: str) -> Iterator[SessionSeat]:
    with SessionSeat(site, session) as found:
        yield found


PASSES = {
    "none": set(),
    "trusted": {PRESET},
    "full": {PRESET, OPEN, SHUT, f"x.{WILD}"},
    "custom": {OPEN, f"x.{WILD}"},
}


def test_a_level_lets_through_what_it_says_and_nothing_else(level: str, seat: SessionSeat, lab: Lab) -> None:
    for host in (PRESET, OPEN, SHUT, f"x.{WILD}", TRACKER, f"x.{NOISY}", f"private.{LEADS}", "printer.local"):
        for tried in (trying("plain", url=f"http://{host}/"), trying("tunnel", to=f"{host}:443")):
            mark = lab.mark()
            answer = seat.attempt(tried)
            assert answer.reached == (host in PASSES[level]), (host, answer)
            if not answer.reached:
                assert answer.status in REFUSALS
                assert "host_not_allowed" in answer.text
                assert [one for one in lab.since(mark) if one.peer != "names"] == []
            if level == "custom":
                assert arrivals_at_others(lab.since(mark)) == []


def test_a_changed_declaration_takes_hold_on_demand(site: Toolkit, sessions: Callable[..., str], lab: Lab) -> None:
    network = grounds.NETWORKS["custom"]
    session = sessions("custom")
    with SessionSeat(site, session) as seat:
        script = (
            "import os, socket, sys\n"
            "host, port = os.environ['https_proxy'].split('//')[1].split(':')\n"
            "plug = socket.create_connection((host, int(port)))\n"
            f"plug.sendall(b'CONNECT {OPEN}:443 HTTP/1.1\\r\\nHost: {OPEN}:443\\r\\n\\r\\n')\n"
            "plug.recv(4096)\n"
            "import ssl\n"
            "context = ssl._create_unverified_context()\n"
            f"way = context.wrap_socket(plug, server_hostname='{OPEN}')\n"
            "open('/tmp/open', 'w').close()\n"
            "way.settimeout(60)\n"
            "try:\n    got = way.recv(1)\n"
            "except OSError as error:\n    got = b'?' if 'timed out' in str(error) else b''\n"
            "open('/tmp/ended', 'w').write(repr(got))\n"
        )
        hold = f"cat >/tmp/hold.py <<'END'\n{script}END\nnohup python3 /tmp/hold.py >/dev/null 2>&1 &"
        seat.attempt(trying("shell", script=hold, expect=""))
        wait = "for i in $(seq 200); do [ -e /tmp/{name} ] && echo there && exit; sleep 0.05; done"
        assert "there" in seat.attempt(trying("shell", script=wait.format(name="open"))).text
        assert seat.attempt(trying("plain", url=f"http://{OPEN}/")).reached
        try:
            grounds.declare(site.root, "custom", {**network, "allow": [SHUT]})
            assert not seat.attempt(trying("plain", url=f"http://{SHUT}/")).reached, "it holds from the update on"
            assert site.json("network", "update", session)["level"] == "custom"
            assert "there" in seat.attempt(trying("shell", script=wait.format(name="ended"))).text
            assert "b''" in seat.attempt(trying("shell", script="cat /tmp/ended")).text, "the open tunnel was cut"
            assert seat.attempt(trying("plain", url=f"http://{SHUT}/")).reached
            refused = seat.attempt(trying("plain", url=f"http://{OPEN}/"))
            assert refused.status in REFUSALS
        finally:
            grounds.declare(site.root, "custom", network)
    policies = site.json("audit", session)["policies"]
    assert len({one["sha256"] for one in policies}) == 2
    assert policies[0]["since"] < policies[1]["since"]
    entries, lost = whole(site, session)
    assert lost == 0
    assert [one.decision for one in entries if one.host == OPEN and one.more["method"] == "GET"] == ["allow", "deny"]
