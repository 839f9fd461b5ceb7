"""`site.image_registry` with a real registry: Debian's, behind TLS and a password from the docker config."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import own_things
from tests.support.cli import Toolkit
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engines.base import Engine

SECONDS = 120.0
TRUSTED = Path("/etc/docker/certs.d")
CONFIG = """version: 0.1
storage: {filesystem: {rootdirectory: /var/lib/registry}, delete: {enabled: true}}
http:
  addr: ":5000"
  secret: for-tests-only
  tls: {certificate: /etc/registry/server.pem, key: /etc/registry/server.key}
auth: {htpasswd: {realm: images, path: /etc/registry/htpasswd}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """`name` is its host and port; `container` what it runs in; the password is in `docker_config`."""

    name: str
    container: str
    password: str
    docker_config: Path


def run(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def wait_for(registry: Registry) -> None:
    """Until it answers in TLS, with a bound."""
    end = time.monotonic() + SECONDS
    argv = ["docker", "exec", registry.container, "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5000"]
    while subprocess.run(argv, capture_output=True, timeout=SECONDS, check=False).returncode:
        assert time.monotonic() < end, "the registry does not answer"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def registry(provisioned: Toolkit, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    folder = tmp_path_factory.mktemp("registry")
    root = folder / "root"
    (root / "envs").mkdir(parents=True)
    image = {"base": "debian:bookworm-slim", "packages": {"apt": ["docker-registry", "apache2-utils"]}}
    body = {"version": 1, "name": "registry", "network": {"access": "none"}, "image": image}
    (root / "envs" / "registry.yaml").write_text(json.dumps(body))
    stack = own_things.new_stack()
    toolkit = Toolkit(root=root, cwd=root, environment=provisioned.environment)
    made = toolkit.json("up", "--yes", "--stack", stack)["images"]["registry"]["reference"]
    container = run("docker", "create", *own_things.options(), made, "sleep", "3600")
    try:
        run("docker", "start", container)
        yield _serving(container, folder)
    finally:
        run("docker", "rm", "-f", "-v", container)
        shutil.rmtree(TRUSTED / _address(container, folder), ignore_errors=True)
        toolkit("destroy", "--yes", "--force", "--stack", stack)
        _forget(engine, _address(container, folder))


def _forget(engine: Engine, registry: str) -> None:
    """What came from it carries the label of the stack that pushed it, so that no other stack's end removes it."""
    for image in engine.images(labels={labels.STACK: ""}):
        if any(name.startswith(f"{registry}/") for name in (*image.tags, *image.digests)):
            engine.remove_image(image.id, force=True)


def _address(container: str, folder: Path) -> str:
    kept = folder / "address"
    if not kept.exists():
        found = run("docker", "inspect", "-f", "{{.NetworkSettings.IPAddress}}", container)
        kept.write_text(f"{found}:5000")
    return kept.read_text()


def _serving(container: str, folder: Path) -> Registry:
    name = _address(container, folder)
    subject = ["-subj", "/CN=images", "-addext", f"subjectAltName=IP:{name.partition(':')[0]}"]
    keys = ["-keyout", str(folder / "server.key"), "-out", str(folder / "server.pem")]
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *keys)
    (folder / "config.yml").write_text(CONFIG)
    password = uuid.uuid4().hex
    run("docker", "exec", container, "mkdir", "-p", "/etc/registry")
    for file in ("server.pem", "server.key", "config.yml"):
        run("docker", "cp", str(folder / file), f"{container}:/etc/registry/{file}")
    run("docker", "exec", container, "htpasswd", "-Bbc", "/etc/registry/htpasswd", "ada", password)
    serve = "docker-registry serve /etc/registry/config.yml >/var/log/registry 2>&1"
    run("docker", "exec", "-d", container, "sh", "-c", serve)
    trusted = TRUSTED / name
    trusted.mkdir(parents=True, exist_ok=True)  # a killed run may have left what it wrote for the same address
    shutil.copyfile(folder / "server.pem", trusted / "ca.crt")
    docker_config = folder / "docker"
    docker_config.mkdir()
    token = base64.b64encode(f"ada:{password}".encode()).decode()
    (docker_config / "config.json").write_text(json.dumps({"auths": {name: {"auth": token}}}))
    found = Registry(name=name, container=container, password=password, docker_config=docker_config)
    wait_for(found)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A root whose site pushes to the registry."""

    toolkit: Toolkit
    stack: str

    def __call__(self, verb: str, *words: str, code: int = 0) -> dict[str, object]:
        yes = ("--yes",) if verb in {"up", "destroy"} else ()
        return self.toolkit.json(verb, *yes, "--stack", self.stack, *words, code=code)


@pytest.fixture
def team(registry: Registry, provisioned: Toolkit, engine: Engine, tmp_path: Path) -> Iterator[Team]:
    root = tmp_path / "root"
    (root / "envs").mkdir(parents=True)
    name = f"app-{uuid.uuid4().hex[:8]}"
    declare(root, name)
    settings = tmp_path / "config" / "toolkit" / "settings.yaml"
    settings.parent.mkdir(parents=True)
    site = Path(provisioned.environment["XDG_CONFIG_HOME"]) / "toolkit" / "settings.yaml"
    kept = site.read_text() if site.is_file() else "site:\n"
    assert kept.startswith("site:\n")
    settings.write_text(kept.replace("site:\n", f"site:\n  image_registry: {registry.name}/team\n", 1))
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "DOCKER_CONFIG": str(registry.docker_config)}
    made = Team(
        toolkit=Toolkit(root=root, cwd=root, environment={**provisioned.environment, **environment}),
        stack=own_things.new_stack(),
    )
    yield made
    made("destroy", "--force")
    left = [one for one in engine.images(labels={labels.STACK: ""}) if one.labels[labels.STACK].startswith(made.stack)]
    assert left == []


def declare(root: Path, name: str) -> None:
    body = {"version": 1, "name": name, "network": {"access": "none"}, "image": {"base": "debian:bookworm-slim"}}
    (root / "envs" / f"{name}.yaml").write_text(json.dumps(body))


def image_of(document: dict[str, object]) -> dict[str, str]:
    images = document["images"]
    assert isinstance(images, dict)
    (found,) = images.values()
    return dict(found)


def remove(engine: Engine, reference: str) -> None:
    found = engine.image(reference)
    assert found is not None
    for name in (*found.tags, *found.digests):
        engine.remove_image(name)
    assert engine.image(reference) is None


def test_images_are_pushed_and_used_by_digest_and_pulled_where_they_are_missing(
    team: Team, registry: Registry, engine: Engine
) -> None:
    made = image_of(team("up"))
    assert made["reference"].startswith(f"{registry.name}/team/app-")
    image = engine.image(made["reference"])
    assert image is not None
    assert made["digest"] in {one.rpartition("@")[2] for one in image.digests}
    assert made["digest"] != image.id
    assert team("up")["changes"] == []
    assert team("drift", "--check")["changes"] == []

    remove(engine, made["reference"])
    assert team("preview", "--check")["changes"] == []  # the registry has it
    again = team("up")
    assert again["changes"] == []
    assert image_of(again) == made
    pulled = engine.image(made["reference"])
    assert pulled is not None
    assert pulled.id == image.id

    state = [file for file in (team.toolkit.root / ".toolkit").rglob("*") if file.is_file()]
    assert [file for file in state if registry.password.encode() in file.read_bytes()] == []


def test_what_the_registry_lost_is_drift_and_is_pushed_again(team: Team, registry: Registry) -> None:
    team("up")
    run("docker", "exec", registry.container, "rm", "-rf", "/var/lib/registry/docker/registry/v2/repositories/team")
    told = team("drift", "--check", code=4)
    changes = told["changes"]
    assert isinstance(changes, list)
    assert {reason for one in changes for reason in one["reasons"]} == {"the image is gone from the registry"}
    assert len(changes) == 2  # and the gateways'
    team("up")
    assert team("drift", "--check")["changes"] == []


def test_a_wrong_password_is_said_in_the_registry_s_words(team: Team, registry: Registry) -> None:
    wrong = registry.docker_config.parent / f"wrong-{team.stack}"
    wrong.mkdir()
    token = base64.b64encode(b"ada:not-it").decode()
    (wrong / "config.json").write_text(json.dumps({"auths": {registry.name: {"auth": token}}}))
    environment = {**team.toolkit.environment, "DOCKER_CONFIG": str(wrong)}
    stranger = Team(
        toolkit=Toolkit(root=team.toolkit.root, cwd=team.toolkit.cwd, environment=environment), stack=team.stack
    )
    error = stranger("up", code=1)["error"]
    assert isinstance(error, dict)
    assert "not-it" not in error["message"]
    assert any(word in error["message"] for word in ("denied", "unauthorized", "authentication", "credentials"))
    assert "Traceback" not in error["message"]
