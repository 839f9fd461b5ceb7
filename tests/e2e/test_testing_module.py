"""The testcontainers module on a built environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from testcontainers.core.network import Network

from toolkit.errors import NotFoundError, ToolkitError
from toolkit.testing import EnvironmentContainer, EnvironmentSession

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Toolkit


@pytest.fixture(autouse=True)
def site(provisioned: Toolkit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the images were built with: they count for the build."""
    monkeypatch.setenv("XDG_CONFIG_HOME", provisioned.environment["XDG_CONFIG_HOME"])


@pytest.fixture(scope="session")
def toolkit_root(provisioned: Toolkit) -> Path:
    """For the plugin's fixtures."""
    return provisioned.root


@pytest.mark.toolkit_env("default")
def test_the_environment_that_a_test_is_marked_with(toolkit_environment: EnvironmentContainer) -> None:
    assert toolkit_environment.environment.name == "default"
    assert toolkit_environment.exec(["printenv", "GREETING"]).output == b"hello\n"
    assert toolkit_environment.exec("pwd").output == b"/workspace\n"


@pytest.mark.toolkit_env("default")
def test_the_session_that_a_test_is_marked_with(toolkit_session: EnvironmentSession) -> None:
    found = toolkit_session.exec(["sh", "-c", 'printf %s "$TOOLKIT_SESSION_ID $GREETING"; echo late >&2; exit 3'])
    assert found == (3, f"{toolkit_session.session.id} hellolate\n".encode())
    fetch = "import urllib.request as u\ntry: u.urlopen('http://api.example.com')\nexcept OSError as e: print(e.code)"
    assert toolkit_session.exec(["python3", "-c", fetch]).output == b"403\n"
    assert [(one.host, one.decision) for one in toolkit_session.audit()] == [("api.example.com", "deny")]


def test_a_session_works_in_the_checkout_that_it_is_given(provisioned: Toolkit, checkout: Path) -> None:
    session = EnvironmentSession("default", root=provisioned.root).with_repository(checkout).with_task("cat readme.md")
    with session:
        assert session.get_logs() == (b"# Shop\n", b"")
        assert session.exec("git log --oneline -1").output.endswith(b" one\n")
        identity = session.session.id
    assert identity not in {one["id"] for one in provisioned.json("tasks", "--all")["sessions"]}


def test_a_session_that_cannot_begin_leaves_nothing(provisioned: Toolkit, tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match=r"no git repository|no repository|not a git"):
        EnvironmentSession("default", root=provisioned.root).with_repository(tmp_path).start()


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
