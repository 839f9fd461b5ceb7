"""What `up --locked` refuses, and in what words."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.errors import ToolkitError
from toolkit.model import labels
from toolkit.model.environment import EnvironmentSpec, ImageSpec
from toolkit.model.lock import Lock
from toolkit.provision.plan import PlannedImage
from toolkit.workflows import locking

ONE, TWO, OTHER = (f"sha256:{digit * 64}" for digit in "12f")
RECORDED = Lock(bases={"debian:bookworm-slim": ONE, "alpine:3": TWO})


def spec(name: str, base: str) -> EnvironmentSpec:
    return EnvironmentSpec(name=name, path="", revision="", image=ImageSpec(base=base))


def planned(name: str, digest: str) -> PlannedImage:
    return PlannedImage(
        environment=name,
        reference=f"{name}:1",
        build="a" * 64,
        base="whatever it resolved to",
        bootstrapped=False,
        context=Path("/contexts") / name,
        platform="linux/amd64",
        arguments={"TOOLKIT_BASE_DIGEST": digest},
        present=False,
    )


SPECS = (spec("web", "debian:bookworm-slim"), spec("batch", "alpine:3"))


def test_what_is_recorded_passes() -> None:
    locking.check(RECORDED, SPECS, [planned("web", ONE), planned("batch", TWO), planned(labels.GATEWAY_NAME, ONE)])


def test_a_base_that_is_not_here_yet_is_judged_once_it_came() -> None:
    locking.check(RECORDED, SPECS, [planned("web", ""), planned("batch", TWO)])


def test_another_digest_is_refused_with_both() -> None:
    with pytest.raises(ToolkitError) as refused:
        locking.check(RECORDED, SPECS, [planned("web", ONE), planned("batch", OTHER)])
    assert refused.value.code == "locked-base"
    assert refused.value.message == (
        f"the base image alpine:3 is {OTHER}, but envs/lock.yaml records {TWO} (for 'batch')"
    )
    assert "toolkit lock" in refused.value.hint


def test_the_gateways_base_counts_too() -> None:
    with pytest.raises(ToolkitError, match=r"debian:bookworm-slim is .* \(for the sessions' gateways\)"):
        locking.check(RECORDED, SPECS[1:], [planned("batch", TWO), planned(labels.GATEWAY_NAME, OTHER)])


def test_a_base_without_a_record_is_refused() -> None:
    with pytest.raises(ToolkitError, match=r"envs/lock\.yaml has no digest of ubuntu:24\.04") as refused:
        locking.check(RECORDED, (spec("web", "ubuntu:24.04"),), [planned("web", ONE)])
    assert refused.value.code == "not-locked"
