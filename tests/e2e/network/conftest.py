"""One lab and few long sessions for the whole folder."""

from __future__ import annotations

import secrets
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.network import authority, grounds
from tests.e2e.network.lab import Lab, opened
from tests.e2e.network.seat import ContainerSeat
from tests.support.cli import Toolkit

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    stack = f"test-{uuid.uuid4().hex[:8]}"
    toolkit("up", "--yes", "--stack", stack)
    yield toolkit
    toolkit("destroy", "--yes", "--stack", stack)


@pytest.fixture(scope="session")
def lab(engine: DockerEngine, site: Toolkit, lab_folder: Path) -> Iterator[Lab]:
    """The lab, running; from then on the site's gateways go out through it."""
    image = engine.images(labels={"dev.toolkit.kind": "image", "dev.toolkit.environment": "custom"})[0].id
    with opened(engine, image, lab_folder, avoid=grounds.package_hosts()) as found:
        grounds.write_settings(Path(site.environment["XDG_CONFIG_HOME"]), found.certificate, found)
        yield found


@pytest.fixture(scope="session")
def client(lab: Lab) -> ContainerSeat:
    return ContainerSeat(lab.client)
