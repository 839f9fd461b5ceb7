from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.provision import airgapped
from toolkit.provision.airgapped.image import Build, ImageError, context_digest, whole_lines
from toolkit.provision.airgapped.provider import IMAGE, AirgappedDocker
from toolkit.provision.airgapped.values import UNKNOWN, differing, plain_map, property_map

pulumi_docker = pytest.importorskip("pulumi_docker")
from pulumi.provider.experimental import provider as protocol  # noqa: E402 -- after the check that Pulumi is there

if TYPE_CHECKING:
    from pathlib import Path

URN = f"urn:pulumi:local::toolkit::{IMAGE}::web-app"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "context"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM debian\n")
    (folder / "file").write_text("one")
    monkeypatch.chdir(tmp_path)
    return folder


def inputs(**build: Any) -> dict[str, Any]:
    return {"imageName": "example.com/web:1", "skipPush": True, "build": {"context": "context", **build}}


def check(given: dict[str, Any], urn: str = URN) -> dict[str, Any]:
    plugin = AirgappedDocker(lambda *_words: None)
    answer = asyncio.run(plugin.check(protocol.CheckRequest(urn, {}, property_map(given), b"")))
    return plain_map(answer.inputs or {})


def diff(old: dict[str, Any], new: dict[str, Any], ignored: tuple[str, ...] = ()) -> protocol.DiffResponse:
    plugin = AirgappedDocker(lambda *_words: None)
    request = protocol.DiffRequest(URN, "id", property_map({"__inputs": old}), property_map(new), list(ignored))
    return asyncio.run(plugin.diff(request))


def test_every_input_of_the_sdk_is_known_or_refused_by_name(context: Path) -> None:
    sdk = {"addHosts", "args", "builderVersion", "cacheFrom", "context", "dockerfile", "network", "platform", "target"}
    told = pulumi_docker.DockerBuildArgs.__init__.__annotations__
    assert {name.replace("_", "") for name in told if name != "return"} == {name.lower() for name in sdk}
    with pytest.raises(ImageError, match=r"build\.cacheFrom.*official"):
        Build.of(inputs(cacheFrom={"images": []}))
    for name in sdk - {"cacheFrom", "args", "addHosts", "context"}:
        Build.of(inputs(**{name: "x"}))


def test_outputs_are_those_of_the_sdk() -> None:
    outputs = {"base_image_name", "context", "dockerfile", "image_name", "platform", "registry_server", "repo_digest"}
    assert outputs <= set(dir(pulumi_docker.Image))


def test_an_image_is_pushed_unless_it_is_said_not_to() -> None:
    assert not Build.of(inputs()).push
    pushed = Build.of({**inputs(), "skipPush": False, "registry": {"username": "ada", "password": "secret"}})
    assert pushed.push
    assert "secret" not in repr(pushed)


def test_any_other_resource_is_left_to_the_official_plugin() -> None:
    with pytest.raises(ImageError, match=r"docker:index/container:Container.*official"):
        check({}, "urn:pulumi:local::toolkit::docker:index/container:Container::web")


def test_check_adds_digest_and_platform(context: Path) -> None:
    build = check(inputs())["build"]
    assert len(build["contextDigest"]) == 64
    assert build["platform"].startswith("linux/")


def test_inputs_that_are_not_known_yet_are_no_error() -> None:
    found = check({"imageName": UNKNOWN, "skipPush": True, "build": {"context": "nowhere"}})
    assert "contextDigest" not in found["build"]


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "file").write_text("two"),
        lambda folder: (folder / "file").chmod(0o700),
        lambda folder: (folder / "file").rename(folder / "other"),
        lambda folder: (folder / "new").write_text(""),
        lambda folder: (folder / "Dockerfile").write_text("FROM scratch\n"),
        lambda folder: (folder / "link").symlink_to("file"),
    ],
)
def test_the_digest_tells_any_change_of_the_context(context: Path, change: Any) -> None:
    before = context_digest(Build.of(inputs()))
    assert context_digest(Build.of(inputs())) == before
    change(context)
    assert context_digest(Build.of(inputs())) != before


def test_what_dockerignore_names_is_not_sent_and_does_not_count(context: Path) -> None:
    (context / ".dockerignore").write_text("# remarks\nfile\n")
    before = context_digest(Build.of(inputs()))
    (context / "file").write_text("two")
    os.utime(context / "Dockerfile", (0, 0))
    assert context_digest(Build.of(inputs())) == before


def test_a_missing_dockerfile_is_named(context: Path) -> None:
    with pytest.raises(ImageError, match="no Dockerfile at context/Other"):
        check(inputs(dockerfile="context/Other"))


def test_diff_names_what_changed() -> None:
    old = check_free(args={"A": "1"}, platform="linux/amd64")
    new = check_free(args={"A": "2", "B": "3"}, target="x")
    answer = diff(old, new)
    assert answer.changes
    assert set(answer.detailed_diff) == {"build.args.A", "build.args.B", "build.platform", "build.target"}
    assert not answer.replaces
    assert not diff(old, old).changes
    assert not diff(old, new, ("build",)).changes


def check_free(**build: Any) -> dict[str, Any]:
    return {"imageName": "example.com/web:1", "skipPush": True, "build": build}


def test_a_value_that_is_not_known_yet_counts_as_changed() -> None:
    assert differing({"a": "x"}, {"a": UNKNOWN}) == {"a": "updated"}


def test_values_survive_the_way_to_pulumi_and_back() -> None:
    values = {"text": "a", "flag": True, "number": 2.0, "list": ["a", {"b": "c"}], "map": {"x": {"y": "z"}}}
    assert plain_map(property_map(values)) == values


def test_the_launcher_runs_the_callers_python_and_falls_back_on_its_own(tmp_path: Path) -> None:
    launcher = tmp_path / "plugin"
    launcher.write_text(airgapped.launcher_text())
    launcher.chmod(0o755)
    for variables in ({"PULUMI_PYTHON_CMD": sys.executable}, {}):
        done = subprocess.run(
            [launcher],
            env={"PATH": os.environ["PATH"], **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Pulumi starts it" in done.stderr


def installed(home: Path, text: str) -> Path:
    program = home / "plugins" / "resource-docker-v5.1.0" / "pulumi-resource-docker"
    program.parent.mkdir(parents=True)
    program.write_text(text)
    program.chmod(0o755)
    return program


def test_which_plugin_is_in_use(tmp_path: Path) -> None:
    assert airgapped.in_use(tmp_path) is None
    installed(tmp_path / "ours", airgapped.launcher_text())
    installed(tmp_path / "official", "\x7fELF")
    assert airgapped.in_use(tmp_path / "ours") == "air-gapped"
    assert airgapped.in_use(tmp_path / "official") == "official"


def test_a_plugin_on_path_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path / "home", airgapped.launcher_text())
    program = installed(tmp_path / "other", "\x7fELF")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert airgapped.in_use(tmp_path / "home") == "official"


def test_a_launcher_whose_python_is_gone_is_pointed_at_ours(tmp_path: Path) -> None:
    gone = airgapped.launcher_text().replace(sys.executable, "/nonexistent/python")
    program = installed(tmp_path, gone)
    airgapped.refresh(tmp_path)
    assert program.read_text() == airgapped.launcher_text()
    assert os.access(program, os.X_OK)


def test_a_launcher_of_another_living_toolkit_and_the_official_one_are_left_alone(tmp_path: Path) -> None:
    other = airgapped.launcher_text().replace(sys.executable, "/bin/sh")
    program = installed(tmp_path / "ours", other)
    airgapped.refresh(tmp_path / "ours")
    assert program.read_text() == other
    official = installed(tmp_path / "official", "\x7fELF")
    airgapped.refresh(tmp_path / "official")
    assert official.read_text() == "\x7fELF"


def test_a_line_that_the_builder_sends_in_pieces_is_one_line() -> None:
    pieces = [{"stream": "E"}, {"stream": ":"}, {"stream": " Unable to locate package x\n\nSte"}, {"stream": "p 2\r\n"}]
    assert list(whole_lines([*pieces, {"stream": "not ended"}])) == [
        "E: Unable to locate package x",
        "Step 2",
        "not ended",
    ]


def test_what_a_broken_build_said_last_is_told_before_its_error() -> None:
    answer = whole_lines([{"status": "Pulling"}, {"stream": "half a line"}, {"error": "code: 100\n"}])
    assert [next(answer), next(answer)] == ["Pulling", "half a line"]
    with pytest.raises(ImageError, match=r"^code: 100$"):
        next(answer)
