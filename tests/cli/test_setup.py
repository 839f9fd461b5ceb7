"""`toolkit setup`, `init` and `doctor` on a machine that has nothing."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from toolkit import paths
from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

STEPS = ["engine", "pulumi", "language host", "docker plugin", "base image", "site settings"]


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and a project folder as the current one."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    return project


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found.pop("version") == 1
    return found


def test_check_lists_every_step_and_what_mends_it(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["setup", "--check", "--json"]) == 1
    checks = document(capsys)["checks"]
    assert [one["name"] for one in checks] == STEPS
    assert all(set(one) == {"name", "status", "detail", "fix"} for one in checks)
    for one in checks[:5]:
        assert one["status"] == "fail"
        assert one["detail"].startswith("needs you: ")
        assert one["fix"]
    assert "DOCKER_HOST" in checks[0]["fix"]


def test_check_changes_nothing(bare_machine: Path, tmp_path: Path) -> None:
    main(["init"])
    before = _all_but_caches(tmp_path)
    assert main(["setup", "--check"]) == 1
    assert _all_but_caches(tmp_path) == before


def _all_but_caches(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if ".cache" not in path.parts)


def test_text_says_it_in_the_words_of_the_contract(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "--check"]) == 1
    out = capsys.readouterr().out
    assert "✗ engine: needs you: no container engine answers" in out
    assert "✗ docker plugin: needs you: it waits for Pulumi" in out
    assert "    → toolkit setup\n" in out


def test_a_named_root_that_is_none_is_an_error(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", "elsewhere", "setup", "--check", "--json"]) == 1
    assert "holds no envs/ folder" in document(capsys)["error"]["message"]


def test_a_file_is_no_root_and_init_is_not_advised(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare_machine / "file").touch()
    assert main(["--root", str(bare_machine / "file"), "validate"]) == 1
    said = capsys.readouterr().err
    assert f"{bare_machine}/file is a file\n  hint: name the folder that holds envs/" in said


def test_init_lays_down_a_project_and_names_every_file(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--json"]) == 0
    created = document(capsys)["created"]
    assert created[0] == "envs/default.yaml"
    assert {"infra/Pulumi.yaml", "infra/__main__.py", ".gitignore"} < set(created)
    assert sorted(str(path.relative_to(bare_machine)) for path in bare_machine.rglob("*") if path.is_file()) == sorted(
        created
    )
    for path in created:
        if path.startswith("infra/"):
            assert (bare_machine / path).read_bytes() == (
                paths.carried("infra") / path.removeprefix("infra/")
            ).read_bytes()


def test_what_init_lays_down_is_valid(bare_machine: Path) -> None:
    assert main(["init"]) == 0
    assert main(["validate", "--strict"]) == 0


def test_init_overwrites_nothing(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare_machine / "envs").mkdir()
    (bare_machine / "envs" / "default.yaml").write_text("mine\n")
    (bare_machine / ".gitignore").write_text("*.pyc\n")
    assert main(["init", "."]) == 0
    said = capsys.readouterr()
    assert "kept     envs/default.yaml" in said.out
    assert ".gitignore" in said.err
    assert (bare_machine / "envs" / "default.yaml").read_text() == "mine\n"
    assert (bare_machine / ".gitignore").read_text() == "*.pyc\n"
    shutil.rmtree(bare_machine / "envs")
    assert main(["init", ".", "--json"]) == 0
    assert document(capsys)["created"] == ["envs/default.yaml"]


def test_init_where_nothing_can_be_written_says_where(bare_machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bare_machine / "taken").write_text("a file")
    assert main(["init", "taken"]) == 1
    assert "cannot write taken/envs/default.yaml" in capsys.readouterr().err


def test_doctor_without_an_engine_fails_and_still_looks_at_the_rest(
    bare_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--json"]) == 1
    checks = {one["name"]: one for one in document(capsys)["checks"]}
    assert list(checks) == [*STEPS[:5], "disk", "gateways", "leftovers"]
    assert checks["engine"]["status"] == "fail"
    assert checks["leftovers"]["status"] == "warn"
    assert "GB free" in checks["disk"]["detail"]
