from __future__ import annotations

import json
from ipaddress import IPv4Network

import pytest

from toolkit.engines.base import VolumeMount
from toolkit.errors import UsageError
from toolkit.model import labels
from toolkit.model.environment import AgentSpec, EnvironmentSpec, ResourcesSpec
from toolkit.sessions import names, plan
from toolkit.sessions.addresses import SessionAddresses

ADDRESSES = SessionAddresses.of(IPv4Network("10.213.0.8/29"))


class FakeRepository:
    """A repository that borrows nothing."""

    commit = "c0"
    branch_before = "main"
    session_volumes = (VolumeMount(target="/opt/toolkit/mirror", name="toolkit-mirror-1", read_only=True),)

    def session_order(self, *, address: str) -> dict[str, object]:
        return {"url": f"http://{address}/"}


REPOSITORY = FakeRepository()


def request(**changes: object) -> plan.SessionRequest:
    spec = EnvironmentSpec(
        name="web",
        path="envs/web.yaml",
        revision="ab" * 32,
        variables=(("NODE_ENV", "test"),),
        resources=ResourcesSpec(cpus=1.5, memory=1024**3, pids=100),
    )
    fields: dict[str, object] = {
        "id": "calm-otter-3f9a",
        "environment": spec,
        "image": "sha256:1",
        "build": "cd" * 32,
        "task": "make test",
        "agent": AgentSpec(),
        "repository_name": "shop",
        "repository": "https://git.example.com/shop.git",
        "created": "2026-01-31T12:00:00.000Z",
        "launcher": "host:1:2",
    }
    return plan.SessionRequest(**{**fields, **changes})  # type: ignore[arg-type] # the test's own fields


def test_the_container_is_confined() -> None:
    made = plan.container_request(request(), network="net", addresses=ADDRESSES, repository=REPOSITORY)
    assert set(made.cap_add) == {"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETUID", "SETGID", "KILL"}
    assert (made.pids, made.memory, made.cpus) == (100, 1024**3, 1.5)
    assert made.network == "net"
    assert made.dns == ("127.0.0.1",)
    assert made.mounts == made.writable_mounts == ()
    assert [one.read_only for one in made.volumes] == [True]
    assert made.address == "10.213.0.10"


def test_labels_are_the_whole_record() -> None:
    made = plan.container_request(request(), network="net", addresses=ADDRESSES, repository=REPOSITORY).labels
    assert made[labels.SESSION] == "calm-otter-3f9a"
    assert made[labels.REVISION] == "ab" * 6
    assert made[labels.BRANCH] == "session/calm-otter-3f9a"
    assert made[labels.BASE_COMMIT] == "c0"
    assert made[labels.BASE_BRANCH] == "main"
    assert made[labels.PROJECT_DIR] == "/workspace/shop"


def test_variables_and_the_documented_environment() -> None:
    found = plan.session_variables(request())
    assert found["NODE_ENV"] == "test"
    for name in ("TOOLKIT_REMOTE", "CLAUDE_CODE_REMOTE"):
        assert found[name] == "true"
    for name in ("TOOLKIT_SESSION_ID", "CLAUDE_CODE_REMOTE_SESSION_ID"):
        assert found[name] == "calm-otter-3f9a"
    for name in ("TOOLKIT_PROJECT_DIR", "CLAUDE_PROJECT_DIR"):
        assert found[name] == "/workspace/shop"


def test_the_order_tells_the_runner_who_must_not_answer() -> None:
    order = json.loads(plan.runner_order(request(), ADDRESSES, REPOSITORY, trust=False))
    assert order["must_not_answer"] == ["10.213.0.9"]
    assert order["gateway"] == {"address": "10.213.0.11", "port": 3128}
    assert order["trust"] == []
    assert order["task"] == "make test"
    assert order["repository"] == {"url": "http://10.213.0.12/"}
    assert order["idle_timeout"] == 1800.0


def test_the_gateway_of_hosts_with_secrets_is_trusted() -> None:
    order = json.loads(plan.runner_order(request(), ADDRESSES, REPOSITORY, trust=True))
    assert order["trust"] == [plan.GATEWAY_CA, plan.CA_BUNDLE]


def test_programs_are_told_the_way_out_in_both_spellings() -> None:
    found = plan.network_variables(ADDRESSES)
    assert {found[one] for one in ("http_proxy", "HTTPS_PROXY", "https_proxy")} == {"http://10.213.0.11:3128"}
    assert found["no_proxy"] == found["NO_PROXY"] == "localhost,127.0.0.1,::1,10.213.0.12"
    assert found["SSL_CERT_FILE"] == plan.CA_BUNDLE


@pytest.mark.parametrize("task", ["", "  \n", "a\0b", "x" * (plan.LONGEST_TASK + 1)])
def test_a_task_that_no_program_could_get_is_refused(task: str) -> None:
    with pytest.raises(UsageError):
        plan.check_task(task)


def test_ids_have_their_form() -> None:
    for _ in range(200):
        assert names.BEGINNING.fullmatch(names.new_id())
