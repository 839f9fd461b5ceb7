"""`toolkit validate`, by its command line."""

from __future__ import annotations

import io
import json
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

_GOOD = "version: 1\nname: {name}\n"
_ACCESS = (
    "envs/web-app.yaml:4:11: network.access: 'trustd' is not one of none, trusted, full, custom "
    "(did you mean 'trusted'?)"
)
_COLOUR = (
    "envs/web-app.yaml:5:1: colour: 'colour' is not a key (there is version, name, description, extends, archived, "
    "network, variables, variables_file, image, setup, hooks, agent, resources, session, push, verify)"
)
_BAD = "version: 1\nname: web-app\nnetwork:\n  access: trustd\ncolour: red\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def _write(root: Path, name: str, text: str = _GOOD) -> None:
    (root / f"envs/{name}.yaml").write_text(text.replace("{name}", name), encoding="utf-8")


def _standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content), isatty=lambda: False))


def test_good_files_say_nothing_on_stdout(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web")
    _write(root, "default")

    assert main(["validate"]) == 0
    assert capsys.readouterr() == ("", "2 files: 0 errors, 0 warnings\n")


def test_every_problem_of_every_file_sorted(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web-app", _BAD)
    _write(root, "a", "version: 1\nname: b\nvariables: |\n  A=1\n  nonsense\n")

    assert main(["validate"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "envs/a.yaml:2:7: name: 'b' is not the name of the file, 'a' (rename one of them)",
        "envs/a.yaml:5:3: variables: 'nonsense' is no assignment (write KEY=value, or # before it)",
        _ACCESS,
        _COLOUR,
    ]
    assert err == "2 files: 4 errors, 0 warnings\n"


def test_warnings_fail_only_when_strict(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web", _GOOD + "agent: claude\n")

    assert main(["validate"]) == 0
    assert main(["validate", "--strict"]) == 1
    assert "envs/web.yaml:3:8: warning: agent: " in capsys.readouterr().out


@pytest.mark.parametrize("how", [["validate", "--format", "json"], ["--json", "validate"]])
def test_json(root: Path, capsys: pytest.CaptureFixture[str], how: list[str]) -> None:
    _write(root, "web-app", _BAD)

    assert main(how) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    assert document["files"] == ["envs/web-app.yaml"]
    assert document["problems"][0] == {
        "path": "envs/web-app.yaml",
        "line": 4,
        "column": 11,
        "pointer": "network.access",
        "rule": "not-one-of",
        "severity": "error",
        "message": "'trustd' is not one of none, trusted, full, custom",
        "hint": "did you mean 'trusted'?",
    }


def test_github_annotations(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web-app", _GOOD + "description: 'a\\nb'\nagent: codex\nimage: {base: '100% {x}'}\n")

    assert main(["validate", "--format", "github"]) == 1
    warning, error = capsys.readouterr().out.splitlines()
    assert warning.startswith(
        "::warning file=envs/web-app.yaml,line=4,col=8,title=agent-program-missing::agent: no package"
    )
    assert error.startswith(
        "::error file=envs/web-app.yaml,line=5,col=15,title=image-reference-format::image.base: '100%25 {x}'"
    )


def test_annotations_name_files_as_the_repository_does(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root.parent / ".git").mkdir()
    _write(root, "web-app", _BAD)

    for form, named in (("github", "file=project/envs/web-app.yaml,"), ("sarif", '"uri": "project/envs/web-app.yaml"')):
        assert main(["validate", "--format", form]) == 1
        assert capsys.readouterr().out.count(named) == 2
    assert main(["validate"]) == 1
    assert capsys.readouterr().out.startswith("envs/web-app.yaml:4:11: ")


def test_sarif(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web-app", _BAD)

    assert main(["validate", "--format", "sarif"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    assert [one["id"] for one in run["tool"]["driver"]["rules"]] == ["not-one-of", "unknown-key"]
    first = run["results"][0]
    assert (first["ruleId"], first["ruleIndex"], first["level"]) == ("not-one-of", 0, "error")
    assert first["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "envs/web-app.yaml"},
                "region": {"startLine": 4, "startColumn": 11},
            }
        }
    ]


def test_files_folders_and_globs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("web-a", "web-b", "other"):
        _write(root, name)

    for paths, count in (
        (["envs/web-a.yaml"], 1),
        (["envs"], 3),
        (["."], 3),
        (["envs/web-*.yaml"], 2),
        (["envs/web-a.yaml", "envs"], 3),
        ([str(root / "envs/other.yaml")], 1),
    ):
        assert main(["validate", "--json", *paths]) == 0
        files = json.loads(capsys.readouterr().out)["files"]
        assert len(files) == count
        assert all(one.startswith("envs/") for one in files)


def test_files_of_another_place_are_checked_as_they_are_named(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "web.yaml").write_text("version: 1\nname: web\nextends: base\n", encoding="utf-8")
    (other / "base.yaml").write_text("version: 1\nname: base\nvariables_file: v.env\n", encoding="utf-8")
    (other / "v.env").write_text("nonsense\n", encoding="utf-8")

    assert main(["validate", "../other"]) == 1
    assert capsys.readouterr().out.startswith("../other/v.env:1:1: ")
    assert main(["validate", str(other / "web.yaml")]) == 1
    assert "extends: the environment that this one extends has errors" in capsys.readouterr().out
    assert root.is_dir()


def test_outside_of_any_project_files_can_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "web.yaml").write_text("version: 1\nname: web\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert main(["validate", "web.yaml"]) == 0
    assert main(["validate"]) == 1
    assert "no envs/ folder" in capsys.readouterr().err


def test_standard_input_has_no_file_name_to_agree_with(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(root, "base", _GOOD + "network: {access: none}\n")
    _standard_input(monkeypatch, b"version: 1\nname: any\nextends: base\nnetwork: {allow: []}\n")

    assert main(["validate", "-"]) == 1
    assert capsys.readouterr() == (
        "-:4:11: network.allow: 'allow' has no meaning with access none (write `access: custom`)\n",
        "1 file: 1 error, 0 warnings\n",
    )


@pytest.mark.parametrize("path", ["absent.yaml", "absent/", "absent-*.yaml", "empty"])
def test_what_is_not_there_is_an_error(root: Path, capsys: pytest.CaptureFixture[str], path: str) -> None:
    (root / "empty").mkdir()

    assert main(["validate", path]) == 1
    assert path in capsys.readouterr().err


def test_problems_of_a_file_that_is_no_file(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/broken.yaml").symlink_to("nowhere.yaml")
    (root / "envs/large.yaml").write_bytes(b"#" * ((1 << 20) + 1))

    assert main(["validate"]) == 1
    out = capsys.readouterr().out
    assert "envs/broken.yaml:1:1: there is no file" in out
    assert "envs/large.yaml:1:1: 'envs/large.yaml' has 1048577 bytes; 1 MiB is the limit" in out


def test_two_files_with_one_name(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web")
    _write(root, "copy", "version: 1\nname: web\n")

    assert main(["validate", "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(one["path"], one["rule"]) for one in problems] == [
        ("envs/copy.yaml", "name-duplicate"),
        ("envs/copy.yaml", "name-mismatch"),
    ]


def test_a_shared_file_is_told_of_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/v.env").write_text("nonsense\n", encoding="utf-8")
    for name in ("a", "b"):
        _write(root, name, _GOOD + "variables_file: v.env\n")

    assert main(["validate"]) == 1
    assert capsys.readouterr().out == (
        "envs/v.env:1:1: variables_file: 'nonsense' is no assignment (write KEY=value, or # before it)\n"
    )


def test_two_hundred_broken_files_are_all_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for index in range(200):
        _write(root, f"e{index:03}", "version: 1\nname: {name}\nnetwork: {access: trustd}\nimage: {base: ''}\nx: 1\n")
    started = time.monotonic()

    assert main(["validate"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 600
    assert lines == sorted(lines)
    assert time.monotonic() - started < 20  # ten times what it takes


def test_a_file_name_that_is_no_utf_8_can_be_told_of(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(b"envs/w\xff.yaml", "wb") as file:  # noqa: PTH123 -- a path of bytes
        file.write(b"version: 1\nname: web\n")

    assert main(["validate"]) == 1
    assert "the name of the file is not valid UTF-8" in capsys.readouterr().out
    assert main(["env", "list"]) == 1
    assert root.is_dir()


def test_the_lock_file_is_none_of_the_environments(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web")
    (root / "envs/lock.yaml").write_text("version: 1\nbases: {debian:12: latest}\n", encoding="utf-8")

    assert main(["validate", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == ["envs/web.yaml"]
    assert main(["env", "list", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["environments"]] == ["web"]
    assert main(["env", "new", "lock"]) == 1
    assert "envs/lock.yaml is the lock file" in capsys.readouterr().err


def test_a_lock_file_that_is_named_is_checked_as_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _write(root, "web")
    (root / "envs/lock.yaml").write_text("version: 1\nbases: {debian:12: latest}\n", encoding="utf-8")

    assert main(["validate", "envs/web.yaml", "envs/lock.yaml", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["files"] == ["envs/lock.yaml", "envs/web.yaml"]
    (problem,) = found["problems"]
    assert (problem["path"], problem["line"], problem["column"]) == ("envs/lock.yaml", 2, 20)
    assert problem["rule"] == "lock-digest"
    (root / "envs/lock.yaml").write_text(f"version: 1\nbases: {{debian:12: 'sha256:{'1' * 64}'}}\n", encoding="utf-8")
    assert main(["validate", "envs/*.yaml"]) == 0
