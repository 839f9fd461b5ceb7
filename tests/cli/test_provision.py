"""preview, up, destroy and env-vars where there is no engine: what they say, and that nothing is half-made."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from toolkit.cli.main import main


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    (folder / "envs" / "one.yaml").write_text("version: 1\nname: one\n")
    return folder


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enough of a Pulumi to be found: nothing here starts an update."""
    folder = tmp_path / "pulumi bin"
    folder.mkdir()
    for name in ("pulumi", "pulumi-language-python"):
        program = folder / name
        program.write_text("#!/bin/sh\necho v3.259.0\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.mark.parametrize("words", [["preview"], ["up"], ["up", "--yes"], ["up", "--check"], ["destroy", "--yes"]])
def test_without_an_engine_the_error_is_ours_and_nothing_is_made(
    words: list[str], root: Path, pulumi: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(root), *words, "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "engine"
    assert "toolkit setup" in error["hint"]
    assert sorted(path.name for path in root.iterdir()) == ["envs"]


def test_without_a_root_the_hint_is_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "preview"]) == 1
    assert "toolkit init" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["preview", "up", "destroy"])
def test_help_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"Example: toolkit {verb}" in shown
    assert "--check" in shown


def test_the_exports_survive_a_shell(root: Path, pulumi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "env-vars"]) == 0
    exports = capsys.readouterr().out
    told = subprocess.run(
        ["sh", "-c", f'{exports}\ncommand -v pulumi; printf \'%s\\n\' "$TOOLKIT_ROOT" "$PULUMI_BACKEND_URL"'],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    ).stdout.splitlines()
    assert told == [str(pulumi / "pulumi"), str(root), f"file://{root}/.toolkit/pulumi"]
    assert (root / ".toolkit" / "pulumi").is_dir()
    assert all(shlex.split(line)[0] == "export" for line in exports.splitlines())


def test_the_exports_as_a_document(root: Path, pulumi: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(root), "env-vars", "--json"]) == 0
    variables = json.loads(capsys.readouterr().out)["variables"]
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert Path(variables["PULUMI_PYTHON_CMD"]).is_file()


def test_without_pulumi_the_hint_is_setup(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert main(["--root", str(root), "env-vars"]) == 1
    assert "toolkit setup" in capsys.readouterr().err
