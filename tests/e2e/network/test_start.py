"""A gateway that is not what it must be when a session starts: no session, nothing left, and the reason told.

The gateways here are real ones that were given bent files, and the network one that an engine did not close.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.network.arena import ARRIVALS
from tests.e2e.network.names import OPEN
from tests.support.git import repository
from toolkit.engines import bodies
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.model.event import ignore
from toolkit.sessions import launcher
from toolkit.workflows import gateways, remote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.network.lab import Lab
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine
    from toolkit.model.gateway import GatewayFile

ASK = f"import urllib.request as u; u.urlopen('http://{OPEN}/foreign-code', timeout=3)"
GUARD = b"http_access deny !session"


def broken(configuration: bytes) -> bytes:
    return configuration + b"no_such_directive on\n"


def opened(configuration: bytes) -> bytes:
    assert GUARD in configuration
    return configuration.replace(GUARD, b"http_access allow all\n" + GUARD)


def with_bent_gateway(monkeypatch: pytest.MonkeyPatch, bend: Callable[[bytes], bytes]) -> None:
    """From now on gateways are planned with another `squid.conf`."""
    plan = gateways.plan

    def bent(one: GatewayFile) -> GatewayFile:
        return replace(one, content=bend(one.content)) if one.path == "squid.conf" else one

    def planned(*words: Any, **more: Any) -> Any:
        made = plan(*words, **more)
        return replace(made, files=lambda addresses: tuple(map(bent, made.files(addresses))))

    monkeypatch.setattr(gateways, "plan", planned)


def with_the_host_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on the engine makes a session's network as if it did not know the options that keep the host off it."""
    monkeypatch.setattr(bodies, "_INTERNAL_OPTIONS", {})


def ours(engine: DockerEngine) -> set[str]:
    """What this process has made at the engine."""
    mine = {labels.LAUNCHER: launcher.mark()}
    return {one.id for one in engine.containers(labels=mine)} | {one.id for one in engine.networks(labels=mine)}


CASES: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "dead": (partial(with_bent_gateway, bend=broken), "the gateway does not answer"),
    "open": (partial(with_bent_gateway, bend=opened), "the gateway let a name pass that is refused at every"),
    "host": (with_the_host_on_the_network, "answers, which must not be there"),
}


@pytest.mark.parametrize("case", list(CASES))
def test_no_session_starts(
    case: str, site: Toolkit, lab: Lab, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bend, reason = CASES[case]
    for key, value in site.environment.items():
        monkeypatch.setenv(key, value)
    checkout = repository(tmp_path / "shop")
    order = remote.RemoteOrder(task=f'python3 -c "{ASK}"', environment="full", repository=str(checkout))
    bend(monkeypatch)
    before, mark = ours(engine), lab.mark()
    with pytest.raises(EngineError, match=reason) as raised:
        remote.start(site.root, engine, order, ignore)
    assert raised.value.code == "network-check"
    assert [one for one in lab.since(mark) if one.what in ARRIVALS] == [], "nothing foreign ran"
    assert ours(engine) == before
