"""The testcontainers module on a built environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testcontainers.core.network import Network

from toolkit.errors import NotFoundError
from toolkit.testing import EnvironmentContainer

if TYPE_CHECKING:
    from tests.support.cli import Toolkit


@pytest.fixture(autouse=True)
def site(provisioned: Toolkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the images were built with: they count for the build."""
    monkeypatch.setenv("XDG_CONFIG_HOME", provisioned.environment["XDG_CONFIG_HOME"])


def test_an_environment_as_a_container(provisioned: Toolkit) -> None:
    with EnvironmentContainer("default", root=provisioned.root) as env:
        assert env.exec("git --version").exit_code == 0
        assert env.exec(["sh", "-c", "printf '%s' \"$GREETING|$QUOTED\""]).output == b"hello|two words # kept"
        assert env.exec(["sh", "-c", "ls /sys/class/net"]).output == b"lo\n"
        assert env.exec("false").exit_code == 1


def test_with_a_network_of_the_tests_own_it_reaches_its_peer(provisioned: Toolkit) -> None:
    with (
        Network() as network,
        EnvironmentContainer("default", root=provisioned.root)
        .with_network(network)
        .with_network_aliases("peer")
        .with_command("python3 -m http.server 8000"),
        EnvironmentContainer("default", root=provisioned.root).with_network(network) as env,
    ):
        fetch = (
            "import time, urllib.request as u\n"
            "for _ in range(50):\n"
            "    try: print(u.urlopen('http://peer:8000').status); break\n"
            "    except OSError: time.sleep(0.1)\n"
        )
        assert env.exec(["python3", "-c", fetch]).output == b"200\n"


def test_kwargs_add_to_the_hardening(provisioned: Toolkit) -> None:
    with EnvironmentContainer("default", root=provisioned.root).with_kwargs(hostname="box") as env:
        assert env.exec("hostname").output == b"box\n" or env.exec("cat /etc/hostname").output == b"box\n"
        assert b"NoNewPrivs:\t1" in env.exec("cat /proc/1/status").output


def test_an_unknown_environment_is_named(provisioned: Toolkit) -> None:
    with pytest.raises(NotFoundError, match="defalt"):
        EnvironmentContainer("defalt", root=provisioned.root)
