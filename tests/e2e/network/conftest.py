"""One lab and few long sessions for the whole folder."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.network import authority, grounds
from tests.e2e.network.arena import Arena, of_session, words_of
from tests.e2e.network.audit import AuditStream
from tests.e2e.network.lab import Lab, opened
from tests.e2e.network.names import LEADS
from tests.e2e.network.seat import ContainerSeat, SessionSeat
from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import repository
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.docker import DockerEngine


@pytest.fixture(scope="session")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    authority.make(folder / "authority")
    return folder


@pytest.fixture(scope="session")
def secret() -> str:
    """The value that must never be seen inside."""
    return f"vault-{secrets.token_hex(16)}"


@pytest.fixture(scope="session")
def site(lab_folder: Path, secret: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    """A root with an environment for each level, all built; its settings trust the lab's authority."""
    root = grounds.laid_out(tmp_path_factory.mktemp("grounds"))
    config = tmp_path_factory.mktemp("config")
    grounds.write_settings(config, lab_folder / "authority" / authority.CERTIFICATE)
    environment = {
        "XDG_CONFIG_HOME": str(config),
        "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")),
        grounds.SECRET_VARIABLE: secret,
    }
    toolkit = Toolkit(root=root, cwd=root, environment=environment)
    stack = own_things.new_stack()
    toolkit("up", "--yes", "--stack", stack)
    yield toolkit
    toolkit("destroy", "--yes", "--stack", stack)


@pytest.fixture(scope="session")
def lab(engine: DockerEngine, site: Toolkit, lab_folder: Path) -> Iterator[Lab]:
    """The lab, running; from then on the site's gateways go out through it."""
    image = engine.images(labels={"dev.toolkit.kind": "image", "dev.toolkit.environment": "custom"})[0].id
    with opened(engine, image, lab_folder, avoid=grounds.package_hosts()) as found:
        egress = {"network": found.network, "dns": [found.addresses.names]}
        grounds.write_settings(Path(site.environment["XDG_CONFIG_HOME"]), found.certificate, egress)
        yield found


@pytest.fixture(scope="session")
def client(lab: Lab) -> ContainerSeat:
    return ContainerSeat(lab.client)


@pytest.fixture(scope="session")
def sessions(site: Toolkit, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts a session in an environment and returns its id; all of them end with the run."""
    checkout = repository(tmp_path_factory.mktemp("work") / "shop")
    toolkit = replace(site, cwd=checkout)
    toolkit("env", "approve", "custom", "--yes")
    started: list[str] = []

    def start(environment: str, task: str = "true") -> str:
        started.append(str(toolkit.json("remote", task, "--env", environment, "--wait")["session"]["id"]))
        return started[-1]

    yield start
    for session in started:
        toolkit("rm", session, "--yes", "--force", code=None)


@pytest.fixture(scope="session")
def arena(
    engine: DockerEngine, site: Toolkit, lab: Lab, client: ContainerSeat, sessions: Callable[..., str]
) -> Iterator[Arena]:
    """A session at `custom`, with another one beside it that serves port 8000."""
    session = sessions("custom")
    other = sessions("custom", "cd /tmp && nohup python3 -m http.server 8000 >/dev/null 2>&1 & sleep 1")
    words = words_of(engine, lab, session, other)
    for name in ("gateway", "gateway-outside", "other-session", "other-gateway"):
        lab.name(f"{name}.{LEADS}", A=[words[name]])
    patterns: dict[str, set[str]] = defaultdict(set)
    for rule in site.json("network", "show", "custom")["rules"]:
        patterns[rule["kind"]].add(rule["pattern"])
    with SessionSeat(site, session) as seat, AuditStream(site, session) as audit:
        yield Arena(
            lab=lab,
            engine=engine,
            seat=seat,
            beside=client,
            audit=audit,
            session=session,
            words=words,
            patterns={kind: frozenset(found) for kind, found in patterns.items()},
            gateway=of_session(engine, session, labels.GATEWAY_KIND),
            other=other,
        )
