from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from toolkit.model.event import Event, Phase, ignore
from toolkit.model.image import Action
from toolkit.provision.deployment import Deployment, tail

IMAGE = "docker:index/image:Image"
KINDS = ("resource_pre_event", "res_outputs_event", "res_op_failed_event", "diagnostic_event")


def event(kind: str, **fields: Any) -> Any:
    return SimpleNamespace(**{**dict.fromkeys(KINDS), kind: SimpleNamespace(**fields)})


def step(kind: str, name: str, op: str = "create", token: str = IMAGE) -> Any:
    urn = f"urn:pulumi:local::toolkit::{token}::{name}"
    return event(kind, metadata=SimpleNamespace(op=op, type=token, urn=urn))


def said(text: str, name: str = "", severity: str = "info") -> Any:
    urn = f"urn:pulumi:local::toolkit::{IMAGE}::{name}" if name else ""
    return event("diagnostic_event", message=text, severity=severity, urn=urn)


def take(*events: Any) -> tuple[Deployment, list[Event]]:
    seen: list[Event] = []
    deployment = Deployment(seen.append)
    for one in events:
        deployment.take(one)
    deployment.check()
    return deployment, seen


def test_changes_are_those_of_images_and_nothing_else() -> None:
    deployment, _ = take(
        step("resource_pre_event", "stack", token="pulumi:pulumi:Stack"),
        step("resource_pre_event", "b", "same"),
        step("resource_pre_event", "a", "update"),
        step("resource_pre_event", "c", "delete"),
    )
    assert [(one.environment, one.action) for one in deployment.changes()] == [
        ("a", Action.UPDATE),
        ("b", Action.SAME),
        ("c", Action.DELETE),
    ]
    assert [one.environment for one in deployment.changes(["b"])] == ["b"]


def test_progress_names_the_environment() -> None:
    _, seen = take(step("resource_pre_event", "a"), said("Step 1/9 : FROM x", "a"), step("res_outputs_event", "a"))
    assert [(one.phase, one.text) for one in seen] == [
        (Phase.STARTED, "image a: building"),
        (Phase.PROGRESS, "image a: Step 1/9 : FROM x"),
        (Phase.DONE, "image a: built"),
    ]


def test_a_short_error_is_told_with_the_builds_last_lines() -> None:
    lines = [said(f"line {number}", "a") for number in range(40)]
    deployment, _ = take(
        step("resource_pre_event", "a"),
        *lines,
        said(" ---> Running in 0123", "a"),
        said("error: exit code: 100", "a", "error"),
        step("res_op_failed_event", "a"),
    )
    failure = deployment.failure()
    assert failure is not None
    assert failure.message.startswith("the image of environment 'a' cannot be built:\n")
    assert failure.message.endswith("  line 39\n  exit code: 100")
    assert "line 20" not in failure.message
    assert "--->" not in failure.message


def test_an_error_that_brings_its_lines_is_told_alone() -> None:
    deployment, _ = take(
        said("earlier", "a"), said("one\ntwo\nthree\nfour\nfive", "a", "error"), step("res_op_failed_event", "a")
    )
    failure = deployment.failure()
    assert failure is not None
    assert "earlier" not in failure.message
    assert failure.message.endswith("  four\n  five")


def test_two_broken_builds_are_told_together() -> None:
    deployment, _ = take(said("x", "a", "error"), said("y", "b", "error"))
    failure = deployment.failure()
    assert failure is not None
    assert "'a'" in failure.message
    assert "'b'" in failure.message


def test_an_error_of_the_program_keeps_its_hint() -> None:
    deployment, _ = take(said("no engine answers\nhint: start one", severity="error"))
    failure = deployment.failure()
    assert failure is not None
    assert (failure.message, failure.hint) == ("no engine answers", "start one")


def test_without_errors_there_is_no_failure_to_tell() -> None:
    assert Deployment(ignore).failure() is None


def test_what_breaks_while_an_event_is_handled_is_not_swallowed() -> None:
    def broken(_event: Event) -> None:
        raise OSError("the terminal is gone")

    deployment = Deployment(broken)
    deployment.take(step("resource_pre_event", "a"))
    with pytest.raises(OSError, match="terminal"):
        deployment.check()


def test_tail_skips_blank_lines() -> None:
    assert tail("a\n\n\nb\n \nc\n", 2) == "b\nc"
