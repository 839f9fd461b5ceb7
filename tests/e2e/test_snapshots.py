"""Setup scripts and the snapshots that they leave: made once, found again, forgotten on demand."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.base import EngineImage
    from toolkit.engines.docker import DockerEngine

    Started = Callable[[], list[dict[str, Any]]]

HEAD = "version: 1\nname: default\nnetwork: {access: none}\nvariables: |\n  GREETING=hello\n"


def with_setup(toolkit: Toolkit, script: str, more: str = "") -> None:
    body = "".join(f"    {line}\n" for line in script.splitlines())
    (toolkit.root / "envs" / "default.yaml").write_text(f"{HEAD}{more}setup:\n  script: |\n{body}")


@pytest.fixture
def snapshots(engine: DockerEngine) -> Callable[[], list[EngineImage]]:
    """The snapshots since the test began: whoever uses this engine may have others, also of an image like ours."""
    wanted = {labels.KIND: labels.SNAPSHOT_KIND}
    before = {one.id for one in engine.images(labels=wanted)}
    return lambda: [one for one in engine.images(labels=wanted) if one.id not in before]


@pytest.fixture(autouse=True)
def as_it_was(
    toolkit: Toolkit, engine: DockerEngine, started: Started, snapshots: Callable[[], list[EngineImage]]
) -> Iterator[None]:
    """The declaration is the provisioned root's own again afterwards, and no snapshot stays."""
    declaration = toolkit.root / "envs" / "default.yaml"
    before = declaration.read_text()
    yield
    for one in started():
        toolkit("rm", one["id"], "--yes", "--force")
    toolkit("cache", "reset", "default")
    declaration.write_text(before)
    assert snapshots() == []
    assert engine.containers(labels={labels.KIND: labels.PREPARE_KIND}) == []


def test_it_sees_the_documented_surroundings_and_its_files_are_kept(toolkit: Toolkit) -> None:
    with_setup(toolkit, 'echo "$GREETING $(pwd) $(id -u) $HOME $TOOLKIT_REMOTE" >/opt/seen')
    task = "cat /opt/seen; ls /var/lib/toolkit/setup 2>&1"
    done = toolkit("remote", task, "--wait", code=1)
    assert done.stdout.startswith("hello /workspace 0 /root true\n")
    assert "No such file" in done.stdout  # nothing of the preparation itself is in the snapshot


def test_it_runs_once_and_again_after_a_reset(toolkit: Toolkit) -> None:
    with_setup(toolkit, "cat /proc/sys/kernel/random/uuid >/opt/id")
    first, second = (toolkit("remote", "cat /opt/id", "--wait").stdout for _ in range(2))
    assert first == second != ""
    assert "default" in {one["environment"] for one in toolkit.json("cache", "list")["snapshots"]}
    assert toolkit.json("prebuild", "default")["made"] is False
    assert len(toolkit.json("cache", "reset", "default")["removed"]) == 1
    assert toolkit("remote", "cat /opt/id", "--wait").stdout not in {first, ""}


def test_variables_do_not_rebuild_it_and_a_script_does(toolkit: Toolkit) -> None:
    with_setup(toolkit, "cat /proc/sys/kernel/random/uuid >/opt/id")
    first = toolkit("remote", "cat /opt/id", "--wait").stdout
    declaration = toolkit.root / "envs" / "default.yaml"
    declaration.write_text(declaration.read_text().replace("GREETING=hello", "GREETING=hi"))
    assert toolkit("remote", "cat /opt/id; echo $GREETING", "--wait").stdout == f"{first}hi\n"
    with_setup(toolkit, "cat /proc/sys/kernel/random/uuid >/opt/id\ntrue")
    assert toolkit("remote", "cat /opt/id", "--wait").stdout != first


def test_a_snapshot_that_has_reached_its_age_is_made_anew(toolkit: Toolkit) -> None:
    with_setup(toolkit, "cat /proc/sys/kernel/random/uuid >/opt/id\n", more="")
    first = toolkit.json("prebuild", "default")
    assert first["made"] is True
    declaration = toolkit.root / "envs" / "default.yaml"
    declaration.write_text(declaration.read_text() + "  max_age: 1s\n")
    for _ in range(20):
        again = toolkit.json("prebuild", "default")
        if again["made"]:
            break
    assert again["made"] is True
    assert again["snapshot"]["image"] != first["snapshot"]["image"]


def test_a_failure_shows_all_output_the_line_and_the_refused_hosts(toolkit: Toolkit, started: Started) -> None:
    ask = "import urllib.request as u; u.urlopen('http://packages.example.com/x')"
    with_setup(toolkit, f'echo before\npython3 -c "{ask}" 2>/dev/null || true\n\nls /nowhere\necho never')
    error = toolkit.json("remote", "true", code=1)["error"]
    assert error["code"] == "setup"
    assert "exit code 2 in line 4: ls /nowhere" in error["message"]
    assert "  before\n" in error["message"]
    assert "/nowhere': No such file" in error["message"]
    assert "never" not in error["message"].replace("echo never", "")
    assert "refused meanwhile: packages.example.com" in error["message"]
    assert started() == []


def test_a_script_that_takes_too_long_is_ended(toolkit: Toolkit) -> None:
    with_setup(toolkit, "echo begun\nsleep 60 & sleep 60")
    declaration = toolkit.root / "envs" / "default.yaml"
    declaration.write_text(declaration.read_text() + "  timeout: 1s\n")
    message = toolkit.json("remote", "true", code=1)["error"]["message"]
    assert "longer than 1 s" in message
    assert "begun" in message


def test_no_variable_stays_in_the_snapshots_configuration(
    toolkit: Toolkit, engine: DockerEngine, snapshots: Callable[[], list[EngineImage]]
) -> None:
    with_setup(toolkit, "true")
    toolkit("prebuild", "default")
    (image,) = snapshots()
    about = engine._client.inspect_image(image.id)  # type: ignore[no-untyped-call]
    assert not [one for one in about["Config"]["Env"] or () if one.startswith(("GREETING", "http"))]


def test_two_first_sessions_at_once_prepare_once(toolkit: Toolkit) -> None:
    with_setup(toolkit, "sleep 1\ncat /proc/sys/kernel/random/uuid >/opt/id")
    seen: list[str] = []

    def start() -> None:
        seen.append(toolkit("remote", "cat /opt/id", "--wait").stdout)

    clients = [threading.Thread(target=start) for _ in range(2)]
    for one in clients:
        one.start()
    for one in clients:
        one.join(timeout=120)
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_a_client_that_dies_while_it_prepares_blocks_nobody(toolkit: Toolkit, engine: DockerEngine) -> None:
    with_setup(toolkit, "sleep 3; echo >/opt/there")
    client = toolkit.start("prebuild", "default")
    deadline = threading.Event()
    for _ in range(200):
        if any(one.status == "running" for one in engine.containers(labels={labels.KIND: labels.PREPARE_KIND})):
            break
        deadline.wait(0.05)
    client.kill()
    client.communicate(timeout=10)
    assert toolkit("remote", "ls /opt/there", "--wait").stdout == "/opt/there\n"


def test_what_a_dead_client_was_preparing_is_a_leftover(toolkit: Toolkit, engine: DockerEngine) -> None:
    with_setup(toolkit, "sleep 600")
    client = toolkit.start("remote", "true", "--detach")

    def prepared() -> list[str]:
        found = engine.containers(labels={labels.KIND: labels.PREPARE_KIND})
        mine = [one for one in found if f":{client.pid}:" in one.labels[labels.LAUNCHER]]
        return [one.labels[labels.SESSION] for one in mine if one.status == "running"]

    deadline = time.monotonic() + 120
    while not prepared():
        assert time.monotonic() < deadline, "the setup script did not begin"
        time.sleep(0.05)
    (attempt,) = prepared()
    client.kill()
    client.communicate(timeout=10)
    toolkit("doctor", "--fix", code=None)
    assert engine.containers(labels={labels.SESSION: attempt}) == []
    assert engine.networks(labels={labels.SESSION: attempt}) == []
