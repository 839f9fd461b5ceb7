"""The two ways to ask an engine, docker-py and the plain socket, say the same."""

from __future__ import annotations

import io
import tarfile
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.support import own_things
from toolkit.engines import connection, docker
from toolkit.engines.base import ContainerRequest, NetworkRequest
from toolkit.engines.quick import QuickEngine
from toolkit.errors import EngineError, NotFoundError
from toolkit.model import labels
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.cli import Toolkit
    from toolkit.engines.base import Engine

pytestmark = pytest.mark.parametrize("connect", [connection.connect, docker.connect], ids=["socket", "docker-py"])


@pytest.fixture
def image(provisioned: Toolkit) -> str:
    stack = provisioned.environment["TEST_STACK"]
    reference = provisioned.json("up", "--yes", "--stack", stack)["images"]["default"]["reference"]
    return str(reference)


@pytest.fixture
def container(image: str, engine: Engine) -> Iterator[str]:
    made = engine.create_container(
        ContainerRequest(
            name=f"contract-{uuid.uuid4().hex[:8]}",
            image=image,
            command=["sleep", "600"],
            labels={**own_things.marks(), "dev.toolkit.odd": 'a "quoted" & =ä'},
        )
    )
    yield made
    engine.remove_container(made)


def test_the_quick_way_is_taken_where_it_can_be(connect: Callable[[], Engine]) -> None:
    assert isinstance(connect(), QuickEngine) == (connect is connection.connect)


def test_version(connect: Callable[[], Engine], engine: Engine) -> None:
    found = connect().version()
    assert found == engine.version()
    assert connect().architecture() == found.architecture


def test_images(connect: Callable[[], Engine], image: str) -> None:
    one = connect().image(image)
    assert one is not None
    assert image in one.tags
    assert one.size > 1_000_000
    listed = connect().images(labels={labels.KIND: "image", labels.BUILD: one.labels[labels.BUILD]})
    assert one.id in {each.id for each in listed}
    assert next(each for each in listed if each.id == one.id).labels == one.labels
    assert connect().images(labels={labels.KIND: "no such kind"}) == []
    assert connect().image("toolkit.local/no/such:image") is None


def test_a_container_from_birth_to_removal(connect: Callable[[], Engine], container: str) -> None:
    engine = connect()
    created = engine.container(container)
    assert created is not None
    assert (created.status, created.exit_code, created.started) == ("created", None, "")
    engine.start_container(container)
    running = engine.container(container)
    assert running is not None
    assert running.status == "running"
    assert running.started
    (listed,) = engine.containers(labels={"dev.toolkit.odd": 'a "quoted" & =ä'})
    assert (listed.id, listed.name, listed.image, listed.labels) == (
        running.id,
        running.name,
        running.image,
        running.labels,
    )
    name = f"{listed.name}-renamed"
    engine.rename_container(container, name)
    assert engine.containers(labels={"dev.toolkit.odd": 'a "quoted" & =ä'})[0].name == name
    with pytest.raises(EngineError):
        engine.rename_container(container, name)
    with pytest.raises(EngineError):
        engine.remove_container(container, force=False)
    engine.kill_container(container)
    assert engine.wait_container(container, timeout=30) == 137
    ended = engine.container(container)
    assert ended is not None
    assert (ended.status, ended.exit_code) == ("exited", 137)
    assert ended.finished
    engine.remove_container(container)
    engine.remove_container(container)
    assert engine.container(container) is None
    with pytest.raises(EngineError) as unknown:
        engine.start_container(container)
    assert unknown.value.code == "engine-not-found"


def test_archives_go_in_and_come_out(connect: Callable[[], Engine], container: str) -> None:
    sent = io.BytesIO()
    content = b"x" * 1_000_000
    with tarfile.open(fileobj=sent, mode="w") as tar:
        member = tarfile.TarInfo("a file")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    engine = connect()
    engine.put_archive(container, "/tmp", sent.getvalue())
    came = io.BytesIO(b"".join(engine.get_archive(container, "/tmp/a file")))
    with tarfile.open(fileobj=came) as tar:
        found = tar.extractfile("a file")
        assert found is not None
        assert found.read() == content
    with pytest.raises(NotFoundError, match="no /tmp/nothing in container"):
        b"".join(engine.get_archive(container, "/tmp/nothing"))


def test_the_end_of_a_log(connect: Callable[[], Engine], image: str, engine: Engine) -> None:
    made = engine.create_container(
        ContainerRequest(
            name=f"contract-{uuid.uuid4().hex[:8]}",
            image=image,
            command=["sh", "-c", "echo first; echo last"],
            labels=own_things.marks(),
        )
    )
    try:
        assert connect().last_log(made) == b""
        engine.start_container(made)
        engine.wait_container(made, timeout=30)
        assert connect().last_log(made) == b"last\n"
    finally:
        engine.remove_container(made)


def test_networks(connect: Callable[[], Engine], engine: Engine) -> None:
    mark = uuid.uuid4().hex[:8]
    used = subnets.taken_by_networks(one for network in engine.networks() for one in network.subnets)
    subnet = str(subnets.choose((), (*used, *subnets.taken_by_host())))
    made = engine.create_network(
        NetworkRequest(name=f"contract-{mark}", subnet=subnet, labels={"dev.toolkit.test": mark})
    )
    try:
        (found,) = connect().networks(labels={"dev.toolkit.test": mark})
        assert (found.id, found.subnets) == (made, (subnet,))
        assert found in connect().networks()
    finally:
        connect().remove_network(made)
    connect().remove_network(made)
    assert connect().networks(labels={"dev.toolkit.test": mark}) == []
