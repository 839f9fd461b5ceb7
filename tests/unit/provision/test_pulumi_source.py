"""Where Pulumi comes from, with small programs on PATH in the roles of pulumi, go and the installing Python."""

from __future__ import annotations

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from toolkit import paths
from toolkit.errors import ToolkitError
from toolkit.model.event import Event, Phase, ignore
from toolkit.provision import pulumi_build, pulumi_source

if TYPE_CHECKING:
    from pathlib import Path

PULUMI = '#!/bin/sh\necho "v%s"\n'
NO_DOWNLOAD = '#!/bin/sh\necho "OSError: no such host" >&2\nexit 1\n'
DOWNLOAD = """#!/bin/sh
for last; do :; done
echo run >>"{log}"
mkdir -p "$last/bin"
printf '#!/bin/sh\\necho v{version}\\n' >"$last/bin/pulumi"
cp "$last/bin/pulumi" "$last/bin/pulumi-language-python"
cp "$last/bin/pulumi" "$last/bin/pulumi-language-python-exec"
chmod +x "$last"/bin/*
"""
GO = """#!/bin/sh
echo "CGO_ENABLED=$CGO_ENABLED $(basename "$PWD") $*" >>"{log}"
case "$1" in
env) printf 'go1.26.0\\nlocal\\n' ;;
list) echo "{sdk}" ;;
build)
    [ -z "{refusal}" ] || {{ echo "{refusal}" >&2; exit 1; }}
    name=pulumi-language-python
    [ "$(basename "$PWD")" = cli ] && name=pulumi
    printf '#!/bin/sh\\necho v3.259.0\\n' >"$4$name"
    chmod +x "$4$name"
    ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that goes first on a PATH which holds no pulumi and no go."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("basename", "chmod", "cp", "mkdir"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", f"{folder}:{tools}")
    return folder


def put(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def put_pulumi(folder: Path, version: str, *, with_host: bool = True) -> None:
    put(folder, "pulumi", PULUMI % version)
    if with_host:
        put(folder, "pulumi-language-python", "#!/bin/sh\n")


def use_python(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    monkeypatch.setattr(sys, "executable", str(put(folder, "installing-python", text)))


def put_go(programs: Path, tmp_path: Path, *, refusal: str = "") -> Path:
    log = tmp_path / "go.log"
    put(tmp_path / "sdk" / "python" / "cmd", "pulumi-language-python-exec", "#!/usr/bin/env python\n")
    (tmp_path / "sdk" / "python" / "cmd" / "pulumi-language-python-exec").chmod(0o444)
    put(programs, "go", GO.format(log=log, sdk=tmp_path / "sdk", refusal=refusal))
    return log


def installed_files() -> list[str]:
    folder = paths.cache_dir() / "pulumi"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


COMPLETE = [
    "3.259.0.lock",
    "3.259.0/bin/pulumi",
    "3.259.0/bin/pulumi-language-python",
    "3.259.0/bin/pulumi-language-python-exec",
    "3.259.0/origin",
]


def test_without_any_the_hint_is_setup(programs: Path) -> None:
    with pytest.raises(ToolkitError, match="Pulumi is not installed") as caught:
        pulumi_source.find()
    assert "toolkit setup" in caught.value.hint


def test_one_on_path_that_fits_is_used_as_it_is(programs: Path) -> None:
    put_pulumi(programs, "3.201.4")
    found = pulumi_source.find()
    assert (found.path, found.version, found.origin) == (programs / "pulumi", "3.201.4", "PATH")
    assert found.language_host == programs / "pulumi-language-python"


@pytest.mark.parametrize("version", ["3.199.0", "2.25.2", "", "garbage"])
def test_one_on_path_that_is_too_old_is_named(programs: Path, version: str) -> None:
    put_pulumi(programs, version)
    with pytest.raises(ToolkitError, match=r"3\.200 or newer is needed") as caught:
        pulumi_source.find()
    assert str(programs / "pulumi") in caught.value.message


def test_one_on_path_without_language_host_is_not_taken(programs: Path) -> None:
    put_pulumi(programs, "3.250.0", with_host=False)
    with pytest.raises(ToolkitError, match="no Python language host"):
        pulumi_source.find()


def test_a_language_host_elsewhere_on_path_counts(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(programs, "3.250.0", with_host=False)
    host = put(tmp_path / "hosts", "pulumi-language-python", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{host.parent}")
    assert pulumi_source.find().language_host == host


def test_a_download_is_taken_and_found_afterwards(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_python(monkeypatch, tmp_path, DOWNLOAD.format(log=tmp_path / "log", version="3.259.0"))
    made = pulumi_source.install(ignore)
    assert made.origin == "downloaded"
    assert made == pulumi_source.find()
    assert installed_files() == COMPLETE


def test_where_nothing_can_be_downloaded_it_is_built(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_python(monkeypatch, tmp_path, NO_DOWNLOAD)
    log = put_go(programs, tmp_path)
    events: list[Event] = []
    made = pulumi_source.install(events.append)
    assert (made.origin, made.version) == ("built", "3.259.0")
    assert installed_files() == COMPLETE
    assert (made.path.parent / "pulumi-language-python-exec").stat().st_mode & 0o777 == 0o755
    assert any(one.phase is Phase.NOTE and "no such host" in one.text for one in events)
    builds = [line for line in log.read_text().splitlines() if " build " in line]
    assert [line.split()[1] for line in builds] == ["langhost", "cli"]
    for line, version in zip(builds, ["v3.79.0", "v3.259.0"], strict=True):
        assert line.startswith("CGO_ENABLED=0 ")
        assert "-tags osusergo,grpcnotrace" in line
        assert f"common/version.Version={version} tool" in line


def test_a_failed_build_leaves_nothing(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_python(monkeypatch, tmp_path, NO_DOWNLOAD)
    put_go(programs, tmp_path, refusal="no space left on device")
    with pytest.raises(ToolkitError, match="no space left on device"):
        pulumi_source.install(ignore)
    assert installed_files() == ["3.259.0.lock"]
    with pytest.raises(ToolkitError):
        pulumi_source.find()


def test_a_download_of_another_version_is_not_kept(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_python(monkeypatch, tmp_path, DOWNLOAD.format(log=tmp_path / "log", version="3.1.0"))
    with pytest.raises(ToolkitError, match="'go' is not installed") as caught:
        pulumi_source.install(ignore)
    assert "1.25.11" in caught.value.hint
    assert installed_files() == ["3.259.0.lock"]


def test_what_a_killed_installation_left_is_removed_and_an_incomplete_one_replaced(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = paths.cache_dir() / "pulumi"
    put(folder / ".staging-killed" / "3.259.0" / "bin", "pulumi", "half")
    put(folder / "3.259.0" / "bin", "pulumi", "half")
    use_python(monkeypatch, tmp_path, DOWNLOAD.format(log=tmp_path / "log", version="3.259.0"))
    pulumi_source.install(ignore)
    assert installed_files() == COMPLETE


def test_two_at_once_install_once(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    use_python(monkeypatch, tmp_path, DOWNLOAD.format(log=log, version="3.259.0"))
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: pulumi_source.install(ignore), range(2))
    assert first == second
    assert log.read_text().splitlines() == ["run"]


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("go1.24.4\\nlocal", True),
        ("go1.25.11\\nlocal", False),
        ("go1.24.4\\nauto", False),
        ("go1.19.8\\n", True),
        ("go1.26\\nlocal", False),
    ],
)
def test_go_must_be_new_enough_or_able_to_fetch_a_newer_one(programs: Path, said: str, *, refused: bool) -> None:
    put(programs, "go", f"#!/bin/sh\nprintf '{said}\\n'\n")
    if not refused:
        pulumi_build.check_go()
        return
    with pytest.raises(ToolkitError, match=r"older than 1\.25\.11"):
        pulumi_build.check_go()


def test_the_carried_modules_name_the_pinned_versions_and_no_outside_path() -> None:
    for name, version in (("cli", pulumi_source.VERSION), ("langhost", pulumi_build.LANGUAGE_HOST_VERSION)):
        module = (paths.carried("pulumi") / name / "go.mod").read_text()
        assert f"github.com/pulumi/pulumi/sdk/v3 v{version}" in module
        assert "replace " not in module
