"""The lab by itself: an ordinary client reaches every peer in every way, and each peer writes down what reached it."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import TYPE_CHECKING

import pytest

from tests.e2e.network import grounds
from tests.e2e.network.attacks import Try, trying
from tests.e2e.network.lab import DOCUMENTATION, STRANGE_PORT, resolved
from tests.e2e.network.names import LEADS, OPEN, SHUT

if TYPE_CHECKING:
    from tests.e2e.network.lab import Lab
    from tests.e2e.network.seat import ContainerSeat


@pytest.mark.parametrize(
    ("tried", "peer", "witness"),
    [
        (trying("tcp", to="<origin>:80"), "origin", "request"),
        (trying("tcp_tls", to="<origin>:443", sni=OPEN), "origin", "request"),
        (trying("tcp", to="<foreign>:25"), "foreign", "bytes"),
        (trying("udp", to="<origin>:443"), "origin", "datagram"),
        (trying("tcp", to="<private>:80"), "private", "request"),
        (trying("tcp", to="<docker>:80"), "host", "request"),
        (trying("tcp", to=f"<machine>:{STRANGE_PORT}"), "host", "bytes"),
        (trying("udp", to=f"<bridge>:{STRANGE_PORT}"), "host", "datagram"),
        (trying("look_up", name=SHUT), "names", "query"),
    ],
    ids=str,
)
def test_peers_answer_and_write_down(lab: Lab, client: ContainerSeat, tried: Try, peer: str, witness: str) -> None:
    mark = lab.mark()
    answer = client.attempt(tried.filled(lab.words))
    assert answer.reached, answer
    assert (peer, witness) in [(one.peer, one.what) for one in lab.since(mark)]


def test_an_origin_proves_each_name_by_the_labs_authority(lab: Lab, client: ContainerSeat) -> None:
    script = (
        "import socket, ssl\n"
        f"context = ssl.create_default_context(cafile='/lab/authority/ca.pem')\n"
        f"with socket.create_connection(('{lab.addresses.origin}', 443), timeout=9) as plug:\n"
        f"    with context.wrap_socket(plug, server_hostname='{OPEN}') as secured:\n"
        "        secured.sendall(b'GET /x HTTP/1.0\\r\\n\\r\\n'); print(secured.recv(999))\n"
    )
    mark = lab.mark()
    assert client.attempt(trying("shell", script=f"python3 - <<'END'\n{script}END")).reached
    assert [one.more["name"] for one in lab.since(mark) if one.what == "sni"] == [OPEN]


def test_a_name_may_lead_elsewhere_while_the_lab_runs(lab: Lab, client: ContainerSeat) -> None:
    name = f"later.{LEADS}"
    assert "192.0.2.77" not in client.attempt(trying("shell", script=f"getent hosts {name}")).text
    lab.name(name, A=["192.0.2.77"])
    assert "192.0.2.77" in client.attempt(trying("shell", script=f"getent hosts {name}")).text


def test_the_lab_hides_no_package_host(lab: Lab) -> None:
    assert lab.subnet.subnet_of(DOCUMENTATION)
    known = [IPv4Address(one) for host in grounds.package_hosts() for one in resolved(host)]
    assert not [one for one in known if one in lab.subnet]
