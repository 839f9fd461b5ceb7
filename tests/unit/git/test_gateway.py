from __future__ import annotations

import io
import json
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.git.bundle import Carried
from toolkit.git.credentials import Access
from toolkit.git.gateway import FOLDER, GitGateway
from toolkit.model import labels
from toolkit.model.environment import PushSpec

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://git.example.com/team/shop.git"
ACCESS = Access(address=URL, shown=URL, login="username=u\npassword=hunter2\n", headers=("X-Key: hunter3",))
GATE = GitGateway(
    session="calm-otter-3f9a",
    launcher="host:1:2",
    image="sha256:1",
    name="shop",
    branch="session/calm-otter-3f9a",
    push=PushSpec(branches=("session", "docs/*"), tags=True),
    access=ACCESS,
    carried=Carried(commit="c0", default="main"),
    token="t0ken",
    author="A",
    email="a@example.com",
)
CONTAINER = GATE.container(network="net", address="10.213.0.12")


def entries(gate: GitGateway) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    whole = io.BytesIO(b"".join(gate.contents(session_address="10.213.0.10")))
    with tarfile.open(fileobj=whole) as tar:
        return {one.name: (one, (tar.extractfile(one) or io.BytesIO()).read()) for one in tar}


def test_no_secret_is_in_what_the_engine_shows() -> None:
    for secret in ("hunter2", "hunter3", "t0ken"):
        assert secret not in repr(CONTAINER)
        assert secret not in repr(GATE)


def test_secrets_lie_in_files_for_their_user_alone() -> None:
    found = entries(GATE)
    assert {one.mode for one, _ in found.values()} == {0o600}
    assert {one.uid for one, _ in found.values()} == {13}
    holding = {name for name, (_, content) in found.items() if b"hunter2" in content}
    assert holding == {"credential"}
    assert b'extraHeader = "X-Key: hunter3"' in found["gitconfig"][1]


def test_the_order_says_what_may_be_pushed() -> None:
    order = json.loads(entries(GATE)["order.json"][1])
    assert order["push"] == {"branches": ["session", "docs/*"], "tags": True}
    assert order["branch"] == "session/calm-otter-3f9a"
    assert order["upstream"] == order["shown"] == URL
    assert (order["start"], order["mirror"], order["user"]) == ("c0", "/mirror", 13)


def test_one_mirror_for_all_forms_of_an_address_and_one_for_each_user() -> None:
    ssh = replace(GATE, access=Access(address="remote:x", shown="git@git.example.com:team/shop.git"))
    assert GATE.mirror == ssh.mirror
    assert GATE.mirror != replace(GATE, access=replace(ACCESS, owner=1000)).mirror
    assert GATE.mirror != replace(GATE, access=replace(ACCESS, shown="https://git.example.com/a/b")).mirror
    assert GATE.mirror_labels == {labels.KIND: "mirror", labels.REPOSITORY: URL}
    assert [(one.name, one.read_only) for one in GATE.session_volumes] == [(GATE.mirror, True)]


def test_who_could_not_show_that_the_remote_may_be_read_shares_nothing() -> None:
    alone = replace(GATE, shares=False)
    assert alone.mirror == ""
    assert alone.session_volumes == ()
    assert alone.session_order(address="10.213.0.12")["alternates"] == ""
    assert [one.target for one in alone.container(network="net", address="10.213.0.12").volumes] == [FOLDER]
    assert json.loads(entries(alone)["order.json"][1])["mirror"] == f"{FOLDER}/mirror"


def test_without_a_remote_there_is_no_mirror() -> None:
    lonely = replace(GATE, access=Access())
    assert (lonely.mirror, lonely.session_volumes) == ("", ())
    order = lonely.session_order(address="10.213.0.12")
    assert order["origin"] == order["url"] == "http://10.213.0.12:8080/shop.git"
    assert order["alternates"] == ""


def test_a_folder_is_the_one_thing_that_is_writable() -> None:
    made = replace(GATE, access=Access(address="/upstream", shown="/srv/a.git", folder="/srv/a.git", owner=1000))
    container = made.container(network="net", address="10.213.0.12")
    assert container.writable_mounts == (("/srv/a.git", "/upstream"),)
    assert json.loads(entries(made)["order.json"][1])["user"] == 1000
    assert CONTAINER.writable_mounts == CONTAINER.mounts == ()


def test_an_agent_is_lent_by_its_socket() -> None:
    access = Access(
        address="remote:team/shop.git",
        shown="git@gh:team/shop.git",
        ssh=(("hostname", "git.example.com"), ("user", "git")),
        known_hosts="remote ssh-ed25519 AAAA\n",
        agent="/run/user/1000/agent",
        owner=1000,
    )
    made = replace(GATE, access=access)
    assert made.container(network="n", address="a").mounts == (("/run/user/1000/agent", "/run/toolkit-agent.sock"),)
    ssh = entries(made)["ssh_config"][1].decode().splitlines()
    assert {"hostname git.example.com", "stricthostkeychecking yes", "identityagent /run/toolkit-agent.sock"} <= set(
        ssh
    )


def test_the_bundle_travels_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"PACK")
    made = replace(GATE, carried=Carried(commit="c1", bundle=tmp_path / "b", uncommitted="w1"))
    assert entries(made)["carried.bundle"][1] == b"PACK"
    assert made.session_order(address="x")["uncommitted"] == "w1"
    assert FOLDER == "/gateway"


def test_the_session_knows_the_remote_by_its_name_and_reaches_the_gateway() -> None:
    order = GATE.session_order(address="10.213.0.12")
    assert order["origin"] == URL
    plain = replace(GATE, access=replace(ACCESS, shown="https://git.example.com/team/shop"))
    assert plain.session_order(address="10.213.0.12")["origin"] == URL  # never the beginning of another's address
