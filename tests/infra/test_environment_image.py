"""The Pulumi program on Pulumi's own mocks: no CLI, no engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from toolkit.provision.plan import PlannedImage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class FakeEngine(pulumi.runtime.Mocks):
    """Answers a registration as the docker plugin does, and keeps what was asked for."""

    def __init__(self) -> None:
        self.resources: list[pulumi.runtime.MockResourceArgs] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.resources.append(args)
        return args.name, {**args.inputs, "repoDigest": f"sha256:{args.name}"}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program calls {args.token}")


class RecordingPolicy(asyncio.DefaultEventLoopPolicy):
    """Pulumi's mocks make an event loop in each of their threads and leave it open."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        self.made.append(super().new_event_loop())
        return self.made[-1]


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    (tmp_path / "infra").mkdir()
    monkeypatch.chdir(tmp_path / "infra")
    made = FakeEngine()
    policy = RecordingPolicy()
    asyncio.set_event_loop_policy(policy)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    pulumi.runtime.set_mocks(made, project="toolkit", stack="local", preview=request.param)
    yield made
    loop.run_until_complete(loop.shutdown_default_executor())
    for one in policy.made:
        one.close()
    asyncio.set_event_loop_policy(None)


def planned(root: Path, name: str) -> PlannedImage:
    return PlannedImage(
        environment=name,
        reference=f"toolkit.local/local-1/{name}:abababababab",
        build="ab" * 32,
        base="debian:bookworm-slim",
        bootstrapped=False,
        context=root / ".toolkit" / "contexts" / name,
        platform="linux/amd64",
        arguments={"TOOLKIT_STACK": "local-1", "TOOLKIT_GENERATION": "0001"},
        present=False,
    )


def run(*images: PlannedImage) -> dict[str, Any]:
    """Run the program; returns its output `images`."""
    from infra.environment_image import declare

    exported: dict[str, Any] = {}

    @pulumi.runtime.test
    def program() -> pulumi.Output[None]:
        kept = pulumi.export
        pulumi.export = exported.__setitem__  # type: ignore[assignment]
        try:
            declare(images)
        finally:
            pulumi.export = kept
        return pulumi.Output.from_input(exported).apply(exported.update)

    program()
    return exported


def test_one_image_per_environment_kept_in_the_engine(engine: FakeEngine, tmp_path: Path) -> None:
    output = run(planned(tmp_path, "one"), planned(tmp_path, "two"))
    asked = {one.name: one for one in engine.resources}
    assert sorted(asked) == ["one", "two"]
    assert {one.typ for one in engine.resources} == {"docker:index/image:Image"}
    inputs = asked["one"].inputs
    assert inputs["imageName"] == "toolkit.local/local-1/one:abababababab"
    assert inputs["skipPush"] is True
    assert inputs["buildOnPreview"] is False
    assert inputs["build"] == {
        "context": "../.toolkit/contexts/one",
        "dockerfile": "../.toolkit/contexts/one/Dockerfile",
        "platform": "linux/amd64",
        "args": {"TOOLKIT_STACK": "local-1", "TOOLKIT_GENERATION": "0001"},
    }
    assert output["images"]["one"] == {
        "reference": "toolkit.local/local-1/one:abababababab",
        "digest": "sha256:one",
        "build": "abababababab",
    }


def test_the_context_of_another_root_is_named_absolutely(engine: FakeEngine, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    run(planned(other, "one"))
    (asked,) = engine.resources
    assert asked.inputs["build"]["context"] == str(other / ".toolkit" / "contexts" / "one")


def test_without_environments_nothing_is_asked_for(engine: FakeEngine) -> None:
    assert run() == {"images": {}}
    assert engine.resources == []
