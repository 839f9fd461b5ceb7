"""Each promise that is broken is named, and no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from toolkit import preset
from toolkit.model import labels
from toolkit.model.audit import AuditEntry, AuditTrail
from toolkit.model.environment import (
    Access,
    AgentSpec,
    CheckSpec,
    EnvironmentSpec,
    HookSpec,
    ImageSpec,
    NetworkSpec,
    Packages,
    PushSpec,
    ResourcesSpec,
    SecretSource,
    SecretSpec,
    SetupSpec,
)
from toolkit.model.verification import Verdict
from toolkit.network.policy import compile_policy
from toolkit.workflows import proving, proving_commands
from toolkit.workflows.evidence import Arrival, Evidence, HookOutcome, OutOfReach, PushPlan, Samples
from toolkit.workflows.proving_network import samples_of
from toolkit.workflows.proving_secrets import OF_THE_SESSION, bare, secret_plan
from toolkit.workflows.proving_session import hook_plan, push_plan

NETWORK = NetworkSpec(
    access=Access.CUSTOM,
    allow=("api.example.com", "*.wild.example.com"),
    deny=("*.evil.example.com",),
    secrets=(
        SecretSpec(name="s", hosts=("pay.example.com",), header="X-Key", prefix="key ", source=SecretSource(env="T")),
    ),
)
SPEC = EnvironmentSpec(
    name="web",
    path="envs/web.yaml",
    revision="0" * 64,
    network=NETWORK,
    variables=(("A", "1"),),
    image=ImageSpec(packages=Packages(apt=("tree",))),
    setup=SetupSpec(script="true"),
    session_start=(
        HookSpec(command="one"),
        HookSpec(command="two", matcher="startup|resume"),
        HookSpec(command="never", matcher="resume"),
        HookSpec(command="one"),
    ),
    agent=AgentSpec(preset="claude"),
    resources=ResourcesSpec(cpus=1.5, memory=512 << 20, pids=300, disk=5 << 30),
)
POLICY = compile_policy(NETWORK, path="envs/web.yaml", places={}, preset=preset.load(), registries=())
SAMPLES = Samples(allowed=("api.example.com",), denied=("other.example.com",))
PLACES = OutOfReach(
    outside="198.51.100.3:80",
    neighbour="198.51.100.19:80",
    name_server="198.51.100.3",
    hosts=("192.0.2.1:999", "198.51.100.1:999"),
    host_control="198.51.100.1:999",
)
ID, FOLDER = "verify-calm-otter-3f9a", "/workspace/verify"
BRANCH = f"session/{ID}"
TOLD: dict[str, Any] = {
    "variables": {
        "TOOLKIT_REMOTE": "true",
        "CLAUDE_CODE_REMOTE": "true",
        "TOOLKIT_SESSION_ID": ID,
        "CLAUDE_CODE_REMOTE_SESSION_ID": ID,
        "TOOLKIT_PROJECT_DIR": FOLDER,
        "CLAUDE_PROJECT_DIR": FOLDER,
        "TOOLKIT_ENV_FILE": "/v/3.sh",
        "CLAUDE_ENV_FILE": "/v/3.sh",
    },
    "stdin": {"session_id": ID, "cwd": FOLDER, "hook_event_name": "SessionStart", "source": "startup"},
}
SEEN: dict[str, Any] = {
    "variables": {"A": "1", "PATH": "/bin"},
    "marker": proving.setup_mark("true"),
    "hooks": {"order": ["1", "2", "repository"], "told": TOLD},
    "packages": {"apt": {"tree": ""}, "pip": {}, "npm": {}},
    "program": "/usr/local/bin/claude",
    "limits": {"memory": 512 << 20, "pids": 300, "cpus": 1.5, "disk": 5 << 30},
    "ask": {"api.example.com": [200, ""], "other.example.com": [403, "host_not_allowed"]},
    "direct": [],
    "resolve": [],
    "name_servers": [],
    "tunnel": {
        "api.example.com": [200, ""],
        "other.example.com": [0, "<urlopen error Tunnel connection failed: 407 Proxy Authentication Required>"],
    },
    "secrets": {"answers": {"pay.example.com": [200, ""]}, "found": [ID]},
    "pushes": [[1, "refused"], [0, ""]],
}
SECRETS = secret_plan(POLICY, NETWORK.secrets, lambda: "0123")
PAID = Arrival(host="pay.example.com", secure=True, headers=(("x-key", "key canary-0123"),))
ELSEWHERE = Arrival(host="api.example.com", secure=True, headers=(("X-Key", OF_THE_SESSION),))
BY_HTTP = Arrival(host="api.example.com", secure=False, headers=())
ARRIVED = (PAID, ELSEWHERE, BY_HTTP)
STRAY = ("X-Key", "canary-0123")
CONTROL = {"direct": ["198.51.100.3:80", "198.51.100.19:80", "198.51.100.1:999"], "name_servers": ["198.51.100.3"]}


def entry(host: str, *, allowed: bool) -> AuditEntry:
    return AuditEntry(
        time="2026-01-31T12:00:00.000Z",
        method="GET",
        host=host,
        port=80,
        url=f"http://{host}/",
        allowed=allowed,
        rule="r",
        reason="",
        bytes_in=1,
        bytes_out=1,
        milliseconds=1,
    )


def evidence(**changes: Any) -> Evidence:
    trail = AuditTrail(
        entries=(
            entry("api.example.com", allowed=True),
            entry("other.example.com", allowed=False),
            replace(entry("other.example.com", allowed=False), method="CONNECT", port=443),
        ),
        policies=(),
        lost=0,
    )
    whole = Evidence(
        session=ID,
        project_dir=FOLDER,
        spec=SPEC,
        policy=POLICY,
        samples=SAMPLES,
        places=PLACES,
        hook_plan=hook_plan(SPEC.session_start),
        hooks=(),
        pushes=push_plan(SPEC.push, BRANCH),
        seen=SEEN,
        control=CONTROL,
        trail=trail,
        secrets=SECRETS,
        arrived=ARRIVED,
        disk_unseen="",
        queried=("api.example.com", "toolkit-verify-control.example.com"),
        build="ab" * 32,
        image_labels={labels.BUILD: "ab" * 6},
        commands=(),
        heads_before={"main": "1"},
        heads={"main": "1", BRANCH: "2"},
    )
    return replace(whole, **changes)


def failed(found: Evidence) -> list[str]:
    return [one.name for one in proving.proofs(found) if one.status is Verdict.FAIL]


def seen(**changes: Any) -> dict[str, Any]:
    return {**SEEN, **changes}


def told(**changes: Any) -> dict[str, Any]:
    return seen(hooks={**SEEN["hooks"], "told": {**TOLD, **changes}})


def test_a_kept_declaration_fails_nowhere() -> None:
    assert {one.status for one in proving.proofs(evidence())} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"image_labels": {labels.BUILD: "cd" * 6}}, "image"),
        ({"seen": seen(variables={"A": "2"})}, "variables"),
        ({"seen": seen(variables={})}, "variables"),
        ({"seen": seen(packages={"apt": {"tree": "not installed"}})}, "packages"),
        ({"seen": seen(program=None)}, "agent"),
        ({"seen": seen(marker="")}, "setup"),
        ({"seen": seen(marker=proving.setup_mark("false"))}, "setup"),
        ({"seen": seen(hooks={"order": ["2", "1", "repository"], "told": TOLD})}, "hooks"),
        ({"seen": seen(hooks={"order": ["1", "repository"], "told": TOLD})}, "hooks"),
        ({"seen": seen(hooks={"order": ["1", "2"], "told": {}})}, "hooks"),
        ({"seen": seen(hooks={"order": ["1", "2", "uncalled", "repository"], "told": TOLD})}, "hooks"),
        ({"seen": told(variables={**TOLD["variables"], "TOOLKIT_REMOTE": "false"})}, "hooks"),
        ({"seen": told(variables={**TOLD["variables"], "CLAUDE_ENV_FILE": "/v/4.sh"})}, "hooks"),
        ({"seen": told(stdin={**TOLD["stdin"], "source": "resume"})}, "hooks"),
        ({"seen": seen(ask={**SEEN["ask"], "api.example.com": [403, "host_not_allowed"]})}, "network-allowed"),
        ({"seen": seen(tunnel={**SEEN["tunnel"], "api.example.com": [0, "reset"]})}, "network-allowed"),
        ({"arrived": (PAID, ELSEWHERE)}, "network-allowed"),
        ({"arrived": (PAID, BY_HTTP)}, "network-allowed"),
        ({"seen": seen(ask={**SEEN["ask"], "other.example.com": [200, ""]})}, "network-denied"),
        ({"seen": seen(tunnel={**SEEN["tunnel"], "other.example.com": [200, ""]})}, "network-denied"),
        ({"arrived": (*ARRIVED, replace(BY_HTTP, host="other.example.com"))}, "network-denied"),
        ({"arrived": (*ARRIVED, replace(BY_HTTP, host="other.example.com", secure=True))}, "network-denied"),
        ({"seen": seen(direct=["198.51.100.3:80"])}, "network-isolated"),
        ({"seen": seen(direct=["192.0.2.1:999"])}, "network-isolated"),
        ({"seen": seen(name_servers=["198.51.100.3"])}, "network-isolated"),
        ({"control": {**CONTROL, "direct": ["198.51.100.3:80"]}}, "network-isolated"),
        ({"control": {**CONTROL, "name_servers": []}}, "network-isolated"),
        ({"seen": seen(resolve=["api.example.com"])}, "network-names"),
        ({"seen": seen(name_servers=["127.0.0.11"])}, "network-names"),
        ({"queried": ("api.example.com", "other.example.com")}, "network-names"),
        ({"queried": ()}, "network-names"),
        ({"seen": seen(limits={**SEEN["limits"], "memory": -1})}, "limits"),
        ({"seen": seen(limits={**SEEN["limits"], "disk": 100 << 30})}, "disk"),
        ({"seen": seen(secrets={**SEEN["secrets"], "found": [ID, "x"]})}, "secrets"),
        ({"seen": seen(secrets={**SEEN["secrets"], "found": []})}, "secrets"),
        ({"arrived": (ELSEWHERE, BY_HTTP)}, "secrets"),
        ({"arrived": (PAID, replace(ELSEWHERE, headers=()), BY_HTTP)}, "secrets"),
        ({"arrived": (PAID, replace(ELSEWHERE, headers=(*ELSEWHERE.headers, STRAY)), BY_HTTP)}, "secrets"),
        ({"arrived": (PAID, ELSEWHERE, replace(BY_HTTP, headers=PAID.headers))}, "secrets"),
        ({"arrived": (*ARRIVED, replace(PAID, secure=False))}, "secrets"),
        ({"arrived": (replace(PAID, headers=ELSEWHERE.headers), ELSEWHERE, BY_HTTP)}, "secrets"),
        ({"arrived": (replace(PAID, headers=(*PAID.headers, *ELSEWHERE.headers)), ELSEWHERE, BY_HTTP)}, "secrets"),
        ({"arrived": (replace(PAID, headers=(STRAY,)), ELSEWHERE, BY_HTTP)}, "secrets"),
        ({"seen": seen(pushes=[[0, ""], [0, ""]])}, "push"),
        ({"heads": {"main": "2", BRANCH: "2"}}, "push"),
        ({"seen": seen(pushes=[[1, ""], [1, "no"]]), "heads": {"main": "1"}}, "push"),
        ({"heads": {"main": "1"}}, "push"),
    ],
)
def test_a_broken_promise_is_named_and_no_other(changes: dict[str, Any], name: str) -> None:
    assert failed(evidence(**changes)) == [name]


def test_what_the_gateway_did_not_write_down_is_no_proof() -> None:
    empty = AuditTrail(entries=(), policies=(), lost=0)
    assert failed(evidence(trail=empty)) == ["network-denied"]


def test_what_was_not_asked_of_the_declaration_is_skipped() -> None:
    quiet = replace(SPEC, setup=SetupSpec(), resources=ResourcesSpec(), network=replace(NETWORK, secrets=()))
    without = {name: value for name, value in SEEN.items() if name != "program"}
    nothing = secret_plan(POLICY, (), lambda: "")
    found = proving.proofs(evidence(spec=quiet, seen=without, secrets=nothing))
    assert [one.name for one in found if one.status is Verdict.SKIP] == ["agent", "setup", "disk", "secrets"]


def test_a_disk_limit_that_the_engine_cannot_hold_is_told_as_that() -> None:
    found = {one.name: one for one in proving.proofs(evidence(disk_unseen="this engine cannot"))}
    assert (found["disk"].status, found["disk"].detail) == (Verdict.SKIP, "this engine cannot")


def test_what_stands_in_the_place_of_secrets() -> None:
    (canary,) = SECRETS.canaries
    assert (canary.value, bare(canary)) == ("key canary-0123", "canary-0123")
    assert SECRETS.hosts == ("pay.example.com",)
    denied = replace(NETWORK, deny=("pay.example.com",))
    shut = compile_policy(denied, path="e", places={}, preset=preset.load(), registries=())
    assert secret_plan(shut, denied.secrets, lambda: "").hosts == ()


OK = {"exit_code": 0, "stdout": "v22.4.0\n", "stderr": "", "seconds": 0.1}


@pytest.mark.parametrize(
    ("check", "end", "reason"),
    [
        (CheckSpec(run="c"), OK, ""),
        (CheckSpec(run="c", stdout="v22.4.0"), OK, ""),
        (CheckSpec(run="c", stdout="v22.4.0\n"), {**OK, "stdout": "v22.4.0"}, ""),
        (CheckSpec(run="c", stdout=""), {**OK, "stdout": ""}, ""),
        (CheckSpec(run="c", stdout_matches=r"^v22\."), {**OK, "stdout": "node\nv22.1"}, ""),
        (CheckSpec(run="c", exit_code=3), {**OK, "exit_code": 3}, ""),
        (CheckSpec(run="c"), {**OK, "exit_code": 3, "stderr": "no"}, "exit code 3, not 0; stderr: 'no'"),
        (CheckSpec(run="c", exit_code=3), OK, "exit code 0, not 3"),
        (CheckSpec(run="c", stdout="v22"), OK, "it printed 'v22.4.0', not 'v22'"),
        (CheckSpec(run="c", stdout=""), OK, "it printed 'v22.4.0', not ''"),
        (CheckSpec(run="c", stdout_matches="^22"), OK, "it printed 'v22.4.0', in which '^22' is not found"),
        (CheckSpec(run="c", timeout=5), {**OK, "exit_code": None}, "it did not end within 5 s"),
    ],
)
def test_the_owners_own_checks(check: CheckSpec, end: dict[str, Any], reason: str) -> None:
    (found,) = proving_commands.proofs([check], [end])
    assert (found.name, found.seconds) == ("verify: c", 0.1)
    assert found.status is (Verdict.FAIL if reason else Verdict.PASS)
    assert not reason or found.detail == reason


def test_an_owners_check_is_called_by_its_name_or_its_first_line() -> None:
    checks = [CheckSpec(run="true", name="all is well"), CheckSpec(run="\n  one\ntwo")]
    found = proving.proofs(evidence(spec=replace(SPEC, verify=tuple(checks)), commands=(OK, OK)))
    assert [one.name for one in found[-2:]] == ["verify: all is well", "verify: one"]


def test_the_hosts_firewall_is_told() -> None:
    shut = evidence(control={**CONTROL, "direct": CONTROL["direct"][:2]})
    detail = {one.name: one.detail for one in proving.proofs(shut)}["network-isolated"]
    assert detail.endswith("the host (whose own firewall refuses containers as well)")


def test_a_hook_that_fails_is_told() -> None:
    ends = (
        HookOutcome(origin="environment", command="one", exit_code=3),
        HookOutcome(origin="environment", command="two", exit_code=None),
    )
    detail = {one.name: one.detail for one in proving.proofs(evidence(hooks=ends))}["hooks"]
    assert "'one' ended with exit code 3" in detail
    assert "'two' was cancelled" in detail


def test_the_hooks_that_a_start_calls_once_each() -> None:
    assert dict(hook_plan(SPEC.session_start).commands) == {"1": "one", "2": "two"}


@pytest.mark.parametrize(
    ("branches", "plan"),
    [
        (("session",), PushPlan(refused="main", allowed=BRANCH)),
        (("session", "main"), PushPlan(refused="toolkit-verify", allowed=BRANCH)),
        (("*",), PushPlan(refused="", allowed=BRANCH)),
        ((), PushPlan(refused="main", allowed="")),
    ],
)
def test_the_pushes_follow_the_rules(branches: tuple[str, ...], plan: PushPlan) -> None:
    assert push_plan(PushSpec(branches=branches), BRANCH) == plan


def test_samples_follow_the_policy() -> None:
    found = samples_of(POLICY, "198.51.100.3")
    assert found.allowed == ("api.example.com", "toolkit-verify.wild.example.com")
    assert "toolkit-verify.evil.example.com" in found.denied
    assert "198.51.100.3" in found.denied
    none = compile_policy(NetworkSpec(access=Access.NONE), path="e", places={}, preset=preset.load(), registries=())
    assert samples_of(none, "198.51.100.3").allowed == ()
    full = compile_policy(NetworkSpec(access=Access.FULL), path="e", places={}, preset=preset.load(), registries=())
    assert samples_of(full, "198.51.100.3").allowed == ("toolkit-verify.example.com",)


@pytest.mark.parametrize(
    ("package", "name"),
    [("nodejs", "nodejs"), ("git=1:2.39", "git"), ("libc6:amd64", "libc6"), ("a[b]>=1 ; x", "a"), ("@s/p@1", "@s/p")],
)
def test_the_bare_name_of_a_package(package: str, name: str) -> None:
    assert proving.bare(package) == name
