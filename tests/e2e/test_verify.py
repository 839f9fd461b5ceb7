"""`toolkit verify` on the real engine: a kept declaration passes, a broken promise is named, nothing stays.

What breaks a promise is the engine itself: between verify and the engine stands one that does something else than it
was asked, as a tampered host would. Nothing in the product knows of it.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import tarfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from toolkit.engines.docker import DockerEngine
from toolkit.model import labels
from toolkit.model.event import ignore
from toolkit.model.verification import Verdict
from toolkit.sessions import disk_limit
from toolkit.workflows import verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.base import ContainerRequest, EngineVersion, ExecResult, NetworkRequest

DECLARATION = """version: 1
name: web
network:
  access: custom
  allow: [api.example.com]
  deny: [bad.example.com]
  secrets: [{name: pay, hosts: [pay.example.com], header: X-Key, from: {env: NOT_READ_BY_A_VERIFICATION}}]
variables: |
  MARK=as declared
image: {packages: {apt: [tree]}}
setup:
  script: |
    echo done >/opt/setup-ran
    ln -s /bin/true /usr/local/bin/worker
agent: {command: [worker, "{task}"]}
hooks:
  session_start:
    - {command: 'echo "export WHO=first" >>"$TOOLKIT_ENV_FILE"'}
    - {matcher: resume, command: exit 1}
    - {matcher: startup, command: 'test "$(cat /opt/setup-ran)" = done; exit 3'}
resources: {memory: 256m, pids: 200, cpus: 1, disk: 5g}
verify:
  - {name: set-up, run: cat /opt/setup-ran, stdout: done}
  - {run: 'echo "$WHO in $PWD"', stdout_matches: "^first in /workspace/"}
  - {name: no docker, run: 'command -v docker', exit_code: 1, timeout: 10s}
"""
PLAIN = "version: 1\nname: plain\nnetwork: {access: none}\n"
CHECKS = [
    "image", "variables", "packages", "agent", "setup", "hooks", "network-allowed", "network-denied",
    "network-isolated", "network-names", "limits", "disk", "secrets", "push",
    "verify: set-up", 'verify: echo "$WHO in $PWD"', "verify: no docker",
]  # fmt: skip


@pytest.fixture(scope="module")
def site(provisioned: Toolkit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    root = tmp_path_factory.mktemp("verified")
    (root / "envs").mkdir()
    (root / "envs" / "web.yaml").write_text(DECLARATION)
    (root / "envs" / "plain.yaml").write_text(PLAIN)
    toolkit = type(provisioned)(root=root, cwd=root, environment=provisioned.environment)
    toolkit("up", "--yes")
    toolkit("prebuild", "web")  # the snapshot as it must be, before any test tampers with what is asked for
    yield toolkit
    toolkit("destroy", "--yes", "--force")


@pytest.fixture
def here(site: Toolkit, monkeypatch: pytest.MonkeyPatch) -> Toolkit:
    """The same site for calls in this process: its settings count for the build."""
    monkeypatch.setenv("XDG_CONFIG_HOME", site.environment["XDG_CONFIG_HOME"])
    return site


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["status"] for one in document["checks"]}


def everything(engine: DockerEngine) -> set[str]:
    """All that the engine has, whoever's it is, but for images."""
    client = engine._client
    containers = {one["Id"] for one in client.containers(all=True)}
    volumes = {one["Name"] for one in client.volumes()["Volumes"] or ()}
    return containers | volumes | {one["Id"] for one in client.networks()}


def test_a_kept_declaration_passes_within_its_time(site: Toolkit, engine: DockerEngine, tmp_path: Path) -> None:
    before, report = everything(engine), tmp_path / "report.xml"
    began = time.monotonic()
    document = site.json("verify", "web", "--junit", str(report))
    spent = time.monotonic() - began
    assert everything(engine) <= before
    assert document["environment"] == "web"
    assert list(statuses(document)) == CHECKS
    unheld = disk_limit.unseen(engine.version())
    assert {name: status for name, status in statuses(document).items() if status != "pass"} == (
        {"disk": "skip"} if unheld else {}
    )
    details = {one["name"]: one["detail"] for one in document["checks"]}
    assert "'test \"$(cat /opt/setup-ran)\" = done; exit 3' ended with exit code 3" in details["hooks"]
    assert details["network-isolated"] == "out of reach: the outside, other sessions, the host"
    assert details["disk"] == unheld or not unheld
    assert details["secrets"].startswith("the values in their place arrive by https at pay.example.com, and are in no ")
    assert details["push"].startswith("a push to main is refused, one to session/verify-")
    assert all(one["seconds"] >= 0 for one in document["checks"])
    suite = ET.parse(report).getroot()[0]
    assert (suite.get("name"), suite.get("failures"), suite.get("tests")) == ("web", "0", str(len(CHECKS)))
    assert spent < 20 * slowness(engine), f"{spent:.1f} s"


def cut_off(site: Toolkit, engine: DockerEngine, number: int) -> int:
    """End a verification whose session is there already; its exit code."""
    known = {one.id for one in engine.containers(labels={labels.KIND: "session"})}
    process = site.start("verify", "web")
    deadline = time.monotonic() + 120
    while not {one.id for one in engine.containers(labels={labels.KIND: "session"})} - known:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, number)
    process.communicate(timeout=120)
    return process.returncode


def test_one_that_is_interrupted_leaves_nothing(here: Toolkit, engine: DockerEngine) -> None:
    before = everything(engine)
    assert cut_off(here, engine, signal.SIGINT) == 130
    assert everything(engine) <= before


def test_one_that_is_killed_leaves_what_doctor_removes(here: Toolkit, engine: DockerEngine) -> None:
    before = everything(engine)
    assert cut_off(here, engine, signal.SIGKILL) == -signal.SIGKILL
    assert not everything(engine) <= before
    here("doctor", "--fix", code=None)
    assert everything(engine) <= before


def slowness(engine: DockerEngine) -> float:
    """How much longer than a quarter of a second a container takes from start to end here and now; at least one."""
    image = engine.images(labels={labels.KIND: labels.IMAGE_KIND})[0].id
    client = engine._client
    began = time.monotonic()
    made = client.create_container(image, entrypoint=["true"])["Id"]
    client.start(made)
    client.wait(made)
    client.remove_container(made)
    return max(1.0, (time.monotonic() - began) / 0.25)


class Tampered(DockerEngine):
    """The real engine, but for what a test makes of what is asked of it, by the kind of thing that it is for."""

    def __init__(
        self,
        real: DockerEngine,
        *,
        container: Callable[[ContainerRequest], ContainerRequest] | None = None,
        network: Callable[[NetworkRequest], str] | None = None,
        archive: Callable[[str, bytes], bytes] | None = None,
        looked: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(lambda: real._client)
        self._container, self._network = container, network
        self._archive, self._looked = archive, looked
        self._kinds: dict[str, str] = {}

    def create_container(self, request: ContainerRequest) -> str:
        made = super().create_container(self._container(request) if self._container else request)
        self._kinds[made] = request.labels[labels.KIND]
        return made

    def create_network(self, request: NetworkRequest) -> str:
        closed = request.labels[labels.KIND] == "network"
        return self._network(request) if self._network and closed else super().create_network(request)

    def execute(
        self, identity: str, command: Sequence[str], *, environment: Mapping[str, str], timeout: float
    ) -> ExecResult:
        """`looked` is called once, before anything is looked at inside the session."""
        if self._looked and self._kinds.get(identity) == "session":
            looked, self._looked = self._looked, None
            looked(identity)
        return super().execute(identity, command, environment=environment, timeout=timeout)

    def put_archive(self, identity: str, folder: str, tar: bytes) -> None:
        changed = self._archive(self._kinds.get(identity, ""), tar) if self._archive else tar
        super().put_archive(identity, folder, changed)

    def put_archive_stream(self, identity: str, folder: str, chunks: Iterator[bytes]) -> None:
        self.put_archive(identity, folder, b"".join(chunks))


def of_kind(kind: str, **changes: Any) -> Callable[[ContainerRequest], ContainerRequest]:
    """Requests for containers of this kind, changed."""
    return lambda one: replace(one, **changes) if one.labels[labels.KIND] == kind else one


def of_session(**changes: Any) -> Callable[[ContainerRequest], ContainerRequest]:
    return of_kind("session", **changes)


def edited(tar: bytes, name: str, edit: Callable[[str], str]) -> bytes:
    """The tar with the text of one file changed."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(tar)) as old, tarfile.open(fileobj=whole, mode="w") as new:
        for entry in old:
            content = old.extractfile(entry).read() if entry.isfile() else b""  # type: ignore[union-attr]
            if entry.name.endswith(name):
                content = edit(content.decode()).encode()
                entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def with_file(engine: DockerEngine, kind: str, name: str, edit: Callable[[str], str]) -> Tampered:
    """An engine where the text of one file is changed on its way into the containers of a kind."""

    def archive(found: str, tar: bytes) -> bytes:
        return edited(tar, name, edit) if found == kind else tar

    return Tampered(engine, archive=archive)


def failures(site: Toolkit, tampered: DockerEngine, name: str = "web") -> dict[str, str]:
    found = verify.verify(site.root, tampered, name, ignore)
    return {one.name: one.detail for one in found.checks if one.status is Verdict.FAIL}


@pytest.fixture
def changed_image(here: Toolkit, engine: DockerEngine) -> Iterator[Callable[..., str]]:
    """Makes an image of another: a command run in it, labels changed."""
    client, made = engine._client, []

    def make(source: str, *command: str, change: str = "") -> str:
        container = client.create_container(source, entrypoint=list(command) or ["true"])["Id"]
        client.start(container)
        assert client.wait(container)["StatusCode"] == 0
        made.append(client.commit(container, changes=change or None)["Id"])
        client.remove_container(container)
        return str(made[-1])

    yield make
    for one in made:
        client.remove_image(one, force=True)


@pytest.fixture
def snapshot(here: Toolkit, engine: DockerEngine) -> str:
    """The id of the image that sessions of the environment start from."""
    found = engine.images(labels={labels.KIND: labels.SNAPSHOT_KIND, labels.ENVIRONMENT: "web"})
    return max(found, key=lambda one: one.labels[labels.CREATED]).id


def test_another_image(here: Toolkit, engine: DockerEngine, snapshot: str, changed_image: Callable[..., str]) -> None:
    other = changed_image(snapshot, change=f"LABEL {labels.BUILD}=0123456789ab")
    found = failures(here, Tampered(engine, container=of_session(image=other)))
    assert list(found) == ["image"]
    assert "0123456789ab" in found["image"]


@pytest.mark.parametrize(
    "command", [("dpkg", "--purge", "tree"), ("rm", "/usr/bin/tree"), ("cp", "/etc/passwd", "/usr/bin/tree")]
)
def test_a_package_that_is_gone_or_does_not_answer(
    here: Toolkit, engine: DockerEngine, snapshot: str, changed_image: Callable[..., str], command: tuple[str, ...]
) -> None:
    found = failures(here, Tampered(engine, container=of_session(image=changed_image(snapshot, *command))))
    assert list(found) == ["packages"]
    assert "tree" in found["packages"]


def test_an_agent_that_is_gone(
    here: Toolkit, engine: DockerEngine, snapshot: str, changed_image: Callable[..., str]
) -> None:
    other = changed_image(snapshot, "rm", "/usr/local/bin/worker")
    found = failures(here, Tampered(engine, container=of_session(image=other)))
    assert found == {"agent": "its program is not on PATH"}


def test_another_variable(here: Toolkit, engine: DockerEngine) -> None:
    def change(one: ContainerRequest) -> ContainerRequest:
        return replace(one, environment={**one.environment, "MARK": "changed"}) if "MARK" in one.environment else one

    assert failures(here, Tampered(engine, container=change)) == {"variables": "MARK has another value"}


def test_a_session_that_does_not_stand_on_its_setup(
    here: Toolkit, engine: DockerEngine, changed_image: Callable[..., str]
) -> None:
    """The image without the snapshot, and the script's files put there by other means."""
    image = here.json("up", "--yes")["images"]["web"]["reference"]
    other = changed_image(image, "sh", "-c", "echo done >/opt/setup-ran; ln -s /bin/true /usr/local/bin/worker")
    assert list(failures(here, Tampered(engine, container=of_session(image=other)))) == ["setup"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda hooks: hooks[:-1], "did not run, or could set no variable: test"),
        (lambda hooks: hooks[::-1], "their variables took hold in the order 2, 1, repository"),
        (lambda hooks: [{**one, "matcher": ""} for one in hooks], "ran, which this start does not call"),
    ],
    ids=["not-run", "another-order", "not-called"],
)
def test_hooks_that_ran_otherwise(
    here: Toolkit, engine: DockerEngine, edit: Callable[[list[Any]], list[Any]], reason: str
) -> None:
    def change(text: str) -> str:
        order = json.loads(text)
        return json.dumps({**order, "hooks": edit(order["hooks"])})

    found = failures(here, with_file(engine, "session", "session.json", change))
    assert list(found) == ["hooks"]
    assert reason in found["hooks"]


def without_refusals(text: str) -> str:
    """But for special-use names: one that lets even those pass keeps a session from beginning."""
    return re.sub(r"(?m)^http_access deny (?!.*refuses_address).*$", "", text) + "\nhttp_access allow all\n"


def without_refusals_of_tunnels(text: str) -> str:
    opened = re.sub(r"(?m)^http_access deny !session$", "http_access allow CONNECT", text)
    return re.sub(r"(?m)^ssl_bump terminate .*$", "", opened)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (without_refusals, "bad.example.com answered 200"),
        (without_refusals_of_tunnels, "bad.example.com answered 200 by https"),
    ],
)
def test_a_gateway_that_lets_everything_pass(
    here: Toolkit, engine: DockerEngine, edit: Callable[[str], str], reason: str
) -> None:
    found = failures(here, with_file(engine, labels.GATEWAY_KIND, "squid.conf", edit))
    assert list(found) == ["network-denied"]
    assert reason in found["network-denied"]


def test_a_gateway_that_lets_less_pass_than_is_declared(here: Toolkit, engine: DockerEngine) -> None:
    def other(text: str) -> str:
        return text.replace("api.example.com", "other.example.com")

    found = failures(here, with_file(engine, labels.GATEWAY_KIND, "lists/allow", other))
    assert list(found) == ["network-allowed"]
    assert "api.example.com answered 403" in found["network-allowed"]


FOREIGN_PROXY = """import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("", 3128), Answer).serve_forever()
"""


@pytest.mark.parametrize(
    ("name", "status", "promise"),
    [
        ("plain", 200, "network-denied"),
        ("plain", 403, "network-denied"),  # it does not say why, and writes nothing down
        ("web", 200, "network-denied"),
        ("web", 403, "secrets"),  # it has no CA, and so no way to add them
    ],
)
def test_a_foreign_proxy_where_the_gateway_should_be(
    here: Toolkit, engine: DockerEngine, name: str, status: int, promise: str
) -> None:
    """It answers the same to everything, and knows nothing of what it is told."""
    program = ("python3", "-c", FOREIGN_PROXY, str(status))
    before = everything(engine)
    found = failures(
        here, Tampered(engine, container=of_kind(labels.GATEWAY_KIND, entrypoint=program, command=())), name
    )
    assert list(found) == [promise]
    assert everything(engine) <= before


def test_a_network_that_is_not_closed(here: Toolkit, engine: DockerEngine) -> None:
    def opened(one: NetworkRequest) -> str:
        pool: Any = {"Config": [{"Subnet": one.subnet}]}
        made = engine._client.create_network(one.name, driver="bridge", ipam=pool, labels=dict(one.labels))
        return str(made["Id"])

    found = failures(here, Tampered(engine, network=opened))
    assert list(found) == ["network-isolated"]
    assert "the network is not as it must be" in found["network-isolated"]


@pytest.mark.parametrize("internal", [True, False], ids=["another-session", "the-outside"])
def test_a_session_that_is_joined_to_one_more_network(here: Toolkit, engine: DockerEngine, internal: bool) -> None:
    def join(identity: str) -> None:
        session = engine.container(identity).labels[labels.SESSION]  # type: ignore[union-attr]
        own = engine._client.networks(filters={"label": f"{labels.VERIFICATION}={session}"})
        (wanted,) = [one["Id"] for one in own if one["Internal"] is internal]
        engine._client.connect_container_to_network(identity, wanted)

    found = failures(here, Tampered(engine, looked=join))
    assert list(found) == ["network-isolated"]
    assert "reached without the gateway: 198.51.100." in found["network-isolated"]


NAME_SERVER = r"""import os, socket
plug = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
plug.bind(("127.0.0.1", 53))
if os.fork():
    os._exit(0)  # it listens: whoever started it may go on
os.setsid()
for number in range(3):
    os.dup2(os.open(os.devnull, os.O_RDWR), number)
while True:
    query, sender = plug.recvfrom(512)
    head = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
    plug.sendto(head + query[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4\xcb\0\x71\x09", sender)
"""


def test_names_that_are_looked_up_inside(here: Toolkit, engine: DockerEngine) -> None:
    def answer(identity: str) -> None:
        assert engine.execute(identity, ("python3", "-c", NAME_SERVER), environment={}, timeout=60).exit_code == 0

    found = failures(here, Tampered(engine, looked=answer))
    assert list(found) == ["network-names"]
    assert "was resolved inside" in found["network-names"]


def test_limits_that_are_not_set(here: Toolkit, engine: DockerEngine) -> None:
    found = failures(here, Tampered(engine, container=of_session(memory=None)))
    assert list(found) == ["limits"]
    assert found["limits"].startswith("memory is ")


def test_a_secret_inside(here: Toolkit, engine: DockerEngine) -> None:
    values: list[str] = []

    def archive(kind: str, tar: bytes) -> bytes:
        if kind == labels.GATEWAY_KIND:
            values.extend(one.decode() for one in re.findall(rb"canary-[0-9a-f]{32}", tar))
        return tar

    def leak(identity: str) -> None:
        words = ("sh", "-c", f"echo {values[0]} >/root/.netrc")
        assert engine.execute(identity, words, environment={}, timeout=60).exit_code == 0

    found = failures(here, Tampered(engine, archive=archive, looked=leak))
    assert list(found) == ["secrets"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda text: text.replace("request_header_add", "#"), "X-Key of pay did not arrive at pay.example.com"),
        (lambda text: re.sub(r"(request_header_add .*) \S+\n", r"\1 all\n", text), "pay arrived at api.example.com by"),
        (lambda text: text.replace("X-Key", "X-Other"), "X-Key of pay did not arrive at pay.example.com"),
    ],
    ids=["to-nobody", "to-everybody", "in-another-header"],
)
def test_a_secret_that_goes_elsewhere(
    here: Toolkit, engine: DockerEngine, edit: Callable[[str], str], reason: str
) -> None:
    found = failures(here, with_file(engine, labels.GATEWAY_KIND, "secrets.conf", edit))
    assert list(found) == ["secrets"]
    assert reason in found["secrets"]


class Boasting(Tampered):
    """It says that its storage can limit a disk, and cannot."""

    def version(self) -> EngineVersion:
        return replace(super().version(), storage_driver="overlay2", backing_filesystem="xfs")

    def create_container(self, request: ContainerRequest) -> str:
        return super().create_container(replace(request, disk=None))


def test_a_disk_limit_that_is_not_set(here: Toolkit, engine: DockerEngine) -> None:
    found = failures(here, Boasting(engine))
    assert list(found) == ["disk"]
    assert "5368709120" in found["disk"]


def test_a_git_gateway_that_lets_everything_pass(here: Toolkit, engine: DockerEngine) -> None:
    def open_it(text: str) -> str:
        return json.dumps({**json.loads(text), "push": {"branches": ["*"], "tags": True}})

    found = failures(here, with_file(engine, labels.GIT_GATEWAY_KIND, "order.json", open_it))
    assert list(found) == ["push"]
    assert "a push to main was taken" in found["push"]
    assert "main has moved behind the gateway" in found["push"]


def test_an_owners_own_check_that_fails(
    here: Toolkit, engine: DockerEngine, snapshot: str, changed_image: Callable[..., str]
) -> None:
    other = changed_image(snapshot, "sh", "-c", "echo otherwise >/opt/setup-ran")
    found = failures(here, Tampered(engine, container=of_session(image=other)))
    assert found == {"verify: set-up": "it printed 'otherwise', not 'done'"}


def test_all_side_by_side_and_one_that_cannot_be_prepared(here: Toolkit, engine: DockerEngine) -> None:
    setup = (
        "version: 1\nname: broken\nnetwork: {access: none}\nimage: {packages: {apt: [tree]}}\nsetup: {script: exit 3}\n"
    )
    (here.root / "envs" / "broken.yaml").write_text(setup)
    for level in ("trusted", "full"):
        text = f"version: 1\nname: {level}\nnetwork: {{access: {level}, deny: [bad.example.com]}}\n"
        (here.root / "envs" / f"{level}.yaml").write_text(text)
    try:
        here("up", "--yes")
        found = {one["environment"]: one for one in here.json("verify", "--all", code=1)["verifications"]}
        assert set(statuses(found["web"]).values()) <= {"pass", "skip"}
        for level in ("trusted", "full"):
            assert set(statuses(found[level]).values()) == {"pass", "skip"}
            assert statuses(found[level])["network-allowed"] == "pass"
        assert statuses(found["broken"]) == {"setup": "fail"}
        assert "exit code 3" in found["broken"]["checks"][0]["detail"]
    finally:
        for name in ("broken", "trusted", "full"):
            (here.root / "envs" / f"{name}.yaml").unlink()
