"""The environment as a container: its image, its files, its variables, and the peers that a test gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import ExecWaitStrategy

from toolkit.testing import EnvironmentContainer

if TYPE_CHECKING:
    from pathlib import Path

SERVE = 'exec python3 -m http.server --directory /srv/shop "$PORT"'
IS_UP = ["python3", "-c", "import urllib.request as u; u.urlopen('http://localhost:8000')"]
FETCH = "import urllib.request as u; print(u.urlopen('http://shop:8000').read().decode())"


@pytest.mark.toolkit_env("web-app")
def test_what_is_declared_is_there(toolkit_environment: EnvironmentContainer) -> None:
    assert toolkit_environment.exec(["printenv", "SHOP_GREETING"]).output == b"Good morning\n"
    assert toolkit_environment.exec("cat /srv/shop/index.html").output == b"<h1>The shop</h1>\n"
    assert toolkit_environment.exec("ls /sys/class/net").output == b"lo\n"


def test_a_peer_reaches_what_it_serves(toolkit_root: Path | None) -> None:
    with (
        Network() as network,
        EnvironmentContainer("web-app", root=toolkit_root)
        .with_network(network)
        .with_network_aliases("shop")
        .with_command(["sh", "-c", SERVE])
        .waiting_for(ExecWaitStrategy(IS_UP)) as shop,
        EnvironmentContainer("web-app", root=toolkit_root).with_network(network) as visitor,
    ):
        assert b"The shop" in visitor.exec(["python3", "-c", FETCH]).output
        assert b"GET /" in b"".join(shop.get_logs())
