"""A real engine, real Pulumi, a provisioned root; after every test nothing of a session is left."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import repository
from toolkit.engines.connection import connect
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.sessions import ends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.base import EngineContainer, EngineNetwork
    from toolkit.engines.docker import DockerEngine

DECLARATION = """version: 1
name: default
network: {access: none}
variables: |
  GREETING=hello
  QUOTED="two words # kept"
resources: {cpus: 1, memory: 512m, pids: 200}
"""


_KINDS = frozenset({"session", "test", "network"})


@pytest.fixture(scope="session")
def engine() -> DockerEngine:
    try:
        return connect()
    except EngineError as error:
        if os.environ.get("TOOLKIT_E2E") == "required":
            raise
        pytest.skip(f"no container engine: {error}")


@pytest.fixture(scope="session", autouse=True)
def reaper(engine: DockerEngine) -> None:
    """testcontainers' reaper where its image is at hand; elsewhere the tests clean up by label alone.

    What a run that was killed could not clean up goes now.
    """
    from testcontainers.core.config import testcontainers_config

    if engine.image(testcontainers_config.ryuk_image) is None:
        testcontainers_config.ryuk_disabled = True
    own_things.remove_of_dead_runs(engine)


@pytest.fixture(scope="session")
def provisioned(engine: DockerEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    """A root of its own whose environment `default` is built; its stack is destroyed at the end."""
    root = tmp_path_factory.mktemp("root")
    (root / "envs").mkdir()
    (root / "envs" / "default.yaml").write_text(DECLARATION)
    settings = _site_settings(tmp_path_factory.mktemp("config"))
    stack = own_things.new_stack()
    toolkit = Toolkit(root=root, cwd=root, environment={"XDG_CONFIG_HOME": str(settings), "TEST_STACK": stack})
    toolkit("up", "--yes", "--stack", stack)
    yield toolkit
    toolkit("destroy", "--yes", "--stack", stack)


def _site_settings(folder: Path) -> Path:
    """This machine's own site values (its CA, its registries), so that builds work as its users' do."""
    own = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "toolkit" / "settings.yaml"
    target = folder / "toolkit" / "settings.yaml"
    target.parent.mkdir()
    if own.is_file():
        target.write_bytes(own.read_bytes())
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", readme_md="# Shop\n")


@pytest.fixture
def toolkit(provisioned: Toolkit, checkout: Path, tmp_path: Path) -> Toolkit:
    """The command line in a checkout, on the provisioned root, with a state folder of the test's own."""
    return Toolkit(
        root=provisioned.root,
        cwd=checkout,
        environment={**provisioned.environment, "XDG_STATE_HOME": str(tmp_path / "state")},
    )


@pytest.fixture
def started(toolkit: Toolkit) -> Callable[[], list[dict[str, Any]]]:
    """The rows of `tasks` since the test began, the newest first: whoever uses this engine may have sessions too."""
    before = {one["id"] for one in toolkit.json("tasks", "--all")["sessions"]}
    return lambda: [one for one in toolkit.json("tasks")["sessions"] if one["id"] not in before]


@pytest.fixture
def others(engine: DockerEngine) -> frozenset[str]:
    """The ids of the sessions that were there before."""
    return frozenset(one.labels[labels.SESSION] for one in engine.containers(labels={labels.KIND: "session"}))


@pytest.fixture(autouse=True)
def nothing_left(engine: DockerEngine) -> Iterator[None]:
    """Sessions that the test left are removed; a test that leaves a network or a test container behind fails."""
    before = _ours(engine)
    yield
    for container in engine.containers(labels={labels.KIND: "session"}):
        if container.id not in before and own_things.may_be_ours(container.labels):
            ends.remove(engine, container)
    assert _ours(engine) <= before


def _ours(engine: DockerEngine) -> set[str]:
    """Containers and networks of our own making; a container that builds an image only inherits its base's label."""
    containers = engine.containers(labels={labels.KIND: ""})
    networks = engine.networks(labels={labels.KIND: ""})
    made: list[EngineContainer | EngineNetwork] = [*containers, *networks]
    theirs = {one.labels.get(labels.SESSION) for one in containers if not own_things.may_be_ours(one.labels)}
    return {
        one.id
        for one in made
        if one.labels[labels.KIND] in _KINDS
        and own_things.may_be_ours(one.labels)
        and one.labels.get(labels.SESSION, "") not in theirs - {""}
    }
