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
    EnvironmentSpec,
    ImageSpec,
    NetworkSpec,
    Packages,
    ResourcesSpec,
    SecretSource,
    SecretSpec,
    SetupSpec,
)
from toolkit.model.verification import Verdict
from toolkit.network.policy import compile_policy
from toolkit.workflows import proving
from toolkit.workflows.proving import Evidence, Samples
from toolkit.workflows.verify import samples_of

NETWORK = NetworkSpec(
    access=Access.CUSTOM,
    allow=("api.example.com", "*.wild.example.com"),
    deny=("*.evil.example.com",),
    secrets=(SecretSpec(name="s", hosts=("pay.example.com",), header="X-Key", source=SecretSource(env="T")),),
)
SPEC = EnvironmentSpec(
    name="web",
    path="envs/web.yaml",
    revision="0" * 64,
    network=NETWORK,
    variables=(("A", "1"),),
    image=ImageSpec(packages=Packages(apt=("tree",))),
    setup=SetupSpec(script="true"),
    resources=ResourcesSpec(cpus=1.5, memory=512 << 20, pids=300),
)
POLICY = compile_policy(NETWORK, path="envs/web.yaml", places={}, preset=preset.load(), registries=())
SAMPLES = Samples(allowed=("api.example.com",), denied=("other.example.com",))
SEEN: dict[str, Any] = {
    "variables": {"A": "1", "PATH": "/bin"},
    "packages": {"apt": {"tree": True}, "pip": {}, "npm": {}},
    "limits": {"memory": 512 << 20, "pids": 300, "cpus": 1.5},
    "asked": {"api.example.com": [200, ""], "other.example.com": [403, "host_not_allowed"]},
    "direct": [],
    "resolved": [],
    "answered": [],
    "canaries": [],
}


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
        entries=(entry("api.example.com", allowed=True), entry("other.example.com", allowed=False)),
        policies=(),
        lost=0,
    )
    whole = Evidence(
        spec=SPEC,
        policy=POLICY,
        samples=SAMPLES,
        seen=SEEN,
        trail=trail,
        requested=("api.example.com",),
        queried=("api.example.com",),
        build="ab" * 32,
        image_labels={labels.BUILD: "ab" * 6},
        has_snapshot=True,
    )
    return replace(whole, **changes)


def failed(found: Evidence) -> list[str]:
    return [one.name for one in proving.proofs(found) if one.status is Verdict.FAIL]


def seen(**changes: Any) -> dict[str, Any]:
    return {**SEEN, **changes}


def test_a_kept_declaration_fails_nowhere() -> None:
    checks = proving.proofs(evidence())
    assert failed(evidence()) == []
    assert [one.name for one in checks if one.status is Verdict.SKIP] == ["hooks"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"image_labels": {labels.BUILD: "cd" * 6}}, "image"),
        ({"seen": seen(variables={"A": "2"})}, "variables"),
        ({"seen": seen(variables={})}, "variables"),
        ({"seen": seen(packages={"apt": {"tree": False}})}, "packages"),
        ({"has_snapshot": False}, "setup"),
        ({"seen": seen(asked={**SEEN["asked"], "api.example.com": [403, "host_not_allowed"]})}, "network-allowed"),
        ({"requested": ()}, "network-allowed"),
        ({"seen": seen(asked={**SEEN["asked"], "other.example.com": [200, ""]})}, "network-denied"),
        ({"requested": ("api.example.com", "other.example.com")}, "network-denied"),
        ({"seen": seen(direct=["198.51.100.3:80"])}, "network-isolated"),
        ({"seen": seen(resolved=["api.example.com"])}, "network-names"),
        ({"queried": ("other.example.com",)}, "network-names"),
        ({"seen": seen(limits={**SEEN["limits"], "memory": -1})}, "limits"),
        ({"seen": seen(canaries=["x"])}, "secrets"),
    ],
)
def test_a_broken_promise_is_named_and_no_other(changes: dict[str, Any], name: str) -> None:
    assert failed(evidence(**changes)) == [name]


def test_what_the_gateway_did_not_write_down_is_no_proof() -> None:
    empty = AuditTrail(entries=(), policies=(), lost=0)
    assert failed(evidence(trail=empty)) == ["network-allowed", "network-denied"]


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
