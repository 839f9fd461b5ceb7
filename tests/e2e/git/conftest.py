"""One forge, one user's home and one root for the whole folder."""

from __future__ import annotations

import json
import secrets
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.git.forge import USER, Forge, Home, home, opened
from tests.e2e.git.inside import Inside
from tests.e2e.network import authority, grounds
from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import repository
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.docker import DockerEngine

STACK = "TEST_STACK"  # where tests keep the name of a root's stack
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "none": {"network": {"access": "none"}},
    "wide": {"network": {"access": "none"}, "push": {"branches": ["session", "release/*"], "tags": True}},
    "forge": {"image": {"packages": {"apt": ["openssh-server"]}}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What opens the forge, and must be seen nowhere inside a session."""

    password: str
    token: str


@pytest.fixture(scope="session")
def opens() -> Secrets:
    return Secrets(password=f"pass-{secrets.token_hex(12)}", token=f"token-{secrets.token_hex(12)}")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.make(tmp_path_factory.mktemp("authority") / "made").parent


@pytest.fixture(scope="session")
def user(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with home(tmp_path_factory.mktemp("home"), certificates / authority.CERTIFICATE) as found:
        yield found


@pytest.fixture(scope="session")
def site(certificates: Path, user: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    """A root with the environments built, for a site that trusts the tests' authority."""
    root, config = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("config")
    (root / "envs").mkdir()
    for name, more in ENVIRONMENTS.items():
        body = {"version": 1, "name": name, "resources": {"cpus": 1, "memory": "512m", "pids": 300}, **more}
        (root / "envs" / f"{name}.yaml").write_text(json.dumps(body, indent=1) + "\n")
    grounds.write_settings(config, certificates / authority.CERTIFICATE)
    state = tmp_path_factory.mktemp("state")
    stack = own_things.new_stack()
    environment = {"XDG_CONFIG_HOME": str(config), "XDG_STATE_HOME": str(state), STACK: stack, **user.variables}
    toolkit = Toolkit(root=root, cwd=root, environment=environment)
    toolkit("up", "--yes", "--stack", stack)
    yield toolkit
    toolkit("destroy", "--yes", "--stack", stack)


@pytest.fixture(scope="session")
def forge(
    engine: DockerEngine,
    site: Toolkit,
    user: Home,
    opens: Secrets,
    certificates: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Forge]:
    """The forge, running; from then on the site's git gateways go out to it."""
    folder = tmp_path_factory.mktemp("forge")
    (folder / "key.pub").write_bytes((user.folder / "key.pub").read_bytes())
    image = site.json("up", "forge", "--yes", "--stack", site.environment[STACK])["images"]["forge"]["reference"]
    with opened(engine, image, folder, certificates, avoid=grounds.package_hosts()) as found:
        user.know(found, password=opens.password, token=opens.token)
        settings = Path(site.environment["XDG_CONFIG_HOME"]) / "toolkit" / "settings.yaml"
        known = json.loads(settings.read_text())
        known["site"]["egress"] = {"network": found.network}
        settings.write_text(json.dumps(known))
        yield found


@pytest.fixture(scope="session")
def project(
    forge: Forge, site: Toolkit, user: Home, opens: Secrets, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Toolkit]:
    """Makes a repository at the forge and a checkout of it, whose user may have both; returns the way to `toolkit`."""
    names: list[str] = []

    def make(name: str, remote: Callable[[str], str]) -> Toolkit:
        names.append(f"team/{name}")
        forge.users({USER: (opens.password, names), "x-access-token": (opens.token, names)})
        forge.run('git init -q --bare -b main "$1.git"; git -C "$1.git" config http.receivepack true', names[-1])
        checkout = repository(tmp_path_factory.mktemp(name) / name)
        for words in (("remote", "add", "origin", forge.https(names[-1])), ("push", "-q", "-u", "origin", "main")):
            as_user(user, checkout, *words)
        as_user(user, checkout, "remote", "set-url", "origin", remote(names[-1]))
        return replace(site, cwd=checkout)

    return make


@pytest.fixture(scope="session")
def begin(engine: DockerEngine) -> Iterator[Callable[..., Inside]]:
    """Starts a session and hands out what is inside; all of them end with the run."""
    started: list[Inside] = []

    def start(toolkit: Toolkit, task: str = "true", *, environment: str = "none") -> Inside:
        done = toolkit.json("remote", task, "--env", environment, "--wait")
        session = str(done["session"]["id"])
        found = engine.containers(labels={labels.SESSION: session, labels.KIND: "session"})
        started.append(Inside(engine=engine, toolkit=toolkit, session=session, container=found[0].id))
        return started[-1]

    yield start
    for one in started:
        one.toolkit("rm", one.session, "--yes", "--force", code=None)


def as_user(user: Home, folder: Path, *words: str) -> str:
    """git as the user has it, with all that opens the forge."""
    argv = ["git", "-C", str(folder), *words]
    variables = {**Toolkit(root=folder, cwd=folder, environment=user.variables).variables(), "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120, env=variables)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture
def nothing_left() -> None:
    """In the place of the one for all e2e tests: sessions here live as long as the folder's tests."""
