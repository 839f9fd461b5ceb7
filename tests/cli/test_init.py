"""`toolkit init`: what it lays down is valid, works, and replaces nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.git import git
from toolkit import paths
from toolkit.cli.main import main
from toolkit.documents import load

if TYPE_CHECKING:
    from pathlib import Path

_WORKFLOW = ".github/workflows/environments.yml"
_LAID_DOWN = [
    "envs/default.yaml",
    "schemas/environment.schema.json",
    "infra/Pulumi.yaml",
    "infra/__main__.py",
    "infra/environment_image.py",
    "infra/gateway_image.py",
    ".gitignore",
    _WORKFLOW,
]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "project"
    assert main(["init", str(folder)]) == 0
    capsys.readouterr()
    monkeypatch.chdir(folder)
    return folder


def _workflow(root: Path) -> dict[str, Any]:
    document = load((root / _WORKFLOW).read_bytes(), path=_WORKFLOW).document
    assert document is not None
    assert isinstance(document.data, dict)
    return document.data


def _script(root: Path, job: str) -> str:
    """The last step of a job that is a script, as the runner gets it."""
    scripts = [one["run"] for one in _workflow(root)["jobs"][job]["steps"] if "run" in one]
    return str(scripts[-1])


def _run(script: str, cwd: Path, programs: Path, **environment: str) -> None:
    """As a runner does: `bash -e`, with `programs` before all others."""
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ("bash", "-e", "-c", script),
        cwd=cwd,
        env={**os.environ, **environment, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def test_what_is_laid_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "new"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["created"], done["kept"]) == (_LAID_DOWN, [])
    before = {one: one.read_bytes() for one in (tmp_path / "new").rglob("*") if one.is_file()}

    assert main(["init", str(tmp_path / "new"), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["created"], done["kept"]) == ([], _LAID_DOWN)
    assert {one: one.read_bytes() for one in (tmp_path / "new").rglob("*") if one.is_file()} == before


def test_the_declaration_is_valid(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--strict"]) == 0
    assert capsys.readouterr().err == "1 file: 0 errors, 0 warnings\n"
    assert root.is_dir()


def test_an_editor_finds_the_schema_by_the_first_line(root: Path) -> None:
    declaration = root / "envs/default.yaml"
    first = declaration.read_text().splitlines()[0]
    named = first.partition("$schema=")[2]

    assert first.startswith("# yaml-language-server: ")
    assert (declaration.parent / named).read_bytes() == paths.schema("environment").read_bytes()
    argv = ("--schemafile", str(declaration.parent / named), str(declaration))
    _check_jsonschema(*argv)


def test_new_environments_name_the_schema_too(root: Path) -> None:
    assert main(["env", "new", "web"]) == 0
    assert "$schema=../schemas/environment.schema.json" in (root / "envs/web.yaml").read_text()


def test_the_workflow_is_one(root: Path) -> None:
    _check_jsonschema("--builtin-schema", "vendor.github-workflows", str(root / _WORKFLOW))


def _check_jsonschema(*words: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "check_jsonschema", *words), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_has_no_more_rights_than_it_needs(root: Path) -> None:
    workflow = _workflow(root)
    jobs = workflow["jobs"]

    assert workflow["permissions"] == {"contents": "read"}
    assert {name: job["permissions"] for name, job in jobs.items() if "permissions" in job} == {
        "comment": {"pull-requests": "write"}
    }
    assert "head.repo.full_name == github.repository" in jobs["comment"]["if"]
    assert not [step for step in jobs["comment"]["steps"] if "uses" in step]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert not [one for one in scripts if "${{" in one]  # values come by the environment, never as program text
    assert "toolkit validate --strict --format github" in scripts
    assert "toolkit preview" in scripts
    assert all("timeout-minutes" in job for job in jobs.values())


def test_the_workflow_tells_the_difference_in_meaning(root: Path, tmp_path: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "one")
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD")
    declaration = root / "envs/default.yaml"
    declaration.write_text(declaration.read_text().replace("LOG_LEVEL=info", "LOG_LEVEL=debug"))
    _program(tmp_path / "bin", "toolkit", f'#!/bin/sh\nexec {sys.executable} -m toolkit "$@"\n')
    output = tmp_path / "output"

    _run(
        _script(root, "validate"),
        root,
        tmp_path / "bin",
        BASE="main",
        RUNNER_TEMP=str(tmp_path),
        GITHUB_OUTPUT=str(output),
    )
    lines = output.read_text().splitlines()
    assert lines[1:-1] == ["default: variable LOG_LEVEL: info → debug"]
    assert lines[0] == f"changes<<{lines[-1]}"
    assert len(lines[-1]) == 32


_FAKE_GH = """\
#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in *--paginate*) printf '%s' "$EARLIER" ;; esac
"""


@pytest.mark.parametrize(
    ("changes", "earlier", "call"),
    [
        ("web: environment added", "", "api --silent --method POST repos/o/r/issues/7/comments -F body=@{file}"),
        ("web: environment added", "9", "api --silent --method PATCH repos/o/r/issues/comments/9 -F body=@{file}"),
        ("", "9", "api --silent --method PATCH repos/o/r/issues/comments/9 -F body=@{file}"),
        ("", "", ""),
    ],
)
def test_the_workflow_writes_one_comment(root: Path, tmp_path: Path, changes: str, earlier: str, call: str) -> None:
    _program(tmp_path / "bin", "gh", _FAKE_GH)
    calls = tmp_path / "calls"
    known = {"GH_REPO": "o/r", "NUMBER": "7", "RUNNER_TEMP": str(tmp_path)}

    script = _script(root, "comment")
    _run(script, root, tmp_path / "bin", **known, CALLS=str(calls), CHANGES=changes, EARLIER=earlier)
    expected = [call.format(file=tmp_path / "comment")] if call else []
    assert calls.read_text().splitlines()[1:] == expected


def test_the_comment_shows_text_as_it_is(root: Path, tmp_path: Path) -> None:
    _program(tmp_path / "bin", "gh", _FAKE_GH)
    changes = "web: variable A: 1 → @team ``` $(touch x) \\n\nweb: environment added"
    known = {"GH_REPO": "o/r", "NUMBER": "7", "RUNNER_TEMP": str(tmp_path), "CALLS": str(tmp_path / "calls")}

    _run(_script(root, "comment"), root, tmp_path / "bin", **known, CHANGES=changes, EARLIER="")
    assert (tmp_path / "comment").read_text() == (
        "### What this changes in the environments\n\n"
        "    web: variable A: 1 → @team ``` $(touch x) \\n\n    web: environment added\n"
    )
    assert not (root / "x").exists()


def test_an_existing_file_stays(tmp_path: Path) -> None:
    workflow = tmp_path / _WORKFLOW
    workflow.parent.mkdir(parents=True)
    workflow.write_text("mine\n")

    assert main(["init", str(tmp_path)]) == 0
    assert workflow.read_text() == "mine\n"


_CHECKOUT = paths.carried("schemas").parent


def _hook() -> dict[str, Any]:
    document = load((_CHECKOUT / ".pre-commit-hooks.yaml").read_bytes(), path="x").document
    assert document is not None
    assert isinstance(document.data, list)
    (hook,) = document.data
    assert isinstance(hook, dict)
    return hook


def test_the_pre_commit_hook_is_one() -> None:
    hook = _hook()

    assert {key: hook[key] for key in ("id", "language", "entry", "pass_filenames")} == {
        "id": "toolkit-validate",
        "language": "python",
        "entry": "toolkit validate",
        "pass_filenames": False,
    }
    assert set(hook) <= {"id", "name", "description", "language", "entry", "files", "pass_filenames"}


@pytest.mark.parametrize(
    ("path", "runs"),
    [("envs/web.yaml", True), ("team/envs/web.env", True), ("envs.yaml", False), ("src/main.py", False)],
)
def test_the_pre_commit_hook_runs_for_every_file_of_an_environment(path: str, runs: bool) -> None:
    import re

    assert bool(re.search(_hook()["files"], path)) is runs


def test_the_pre_commit_hook_finds_what_a_change_breaks_elsewhere(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *words = _hook()["entry"].split()
    assert program == "toolkit"
    assert main(words) == 0
    (root / "envs/child.yaml").write_text("version: 1\nname: child\nextends: default\n")
    (root / "envs/default.yaml").unlink()
    capsys.readouterr()

    assert main(words) == 1
    assert capsys.readouterr().out.startswith("envs/child.yaml:3:10: extends:")


def test_the_catalogue_names_schemas_that_are_there() -> None:
    catalogue = json.loads((_CHECKOUT / "schemas/catalog.json").read_text(encoding="utf-8"))

    assert catalogue["version"] == 1
    assert [one["url"] for one in catalogue["schemas"]] == [
        "environment.schema.json",
        "lock.schema.json",
        "settings.schema.json",
    ]
    for one in catalogue["schemas"]:
        assert (_CHECKOUT / "schemas" / one["url"]).is_file()
        assert one["name"]
        assert one["description"]
        assert one["fileMatch"]


def test_the_published_catalogue_has_whole_addresses() -> None:
    words = [str(_CHECKOUT / "tools/schema-catalogue"), "https://schemas.example.com/v1/"]
    made = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=60, check=True)
    published = json.loads(made.stdout)
    ours = json.loads((_CHECKOUT / "schemas/catalog.json").read_text(encoding="utf-8"))

    assert [one.pop("url") for one in published["schemas"]] == [
        f"https://schemas.example.com/v1/{one.pop('url')}" for one in ours["schemas"]
    ]
    assert published == ours
    refused = subprocess.run([sys.executable, words[0], "schemas"], capture_output=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout) == (2, b"")


def test_git_takes_all_of_it(root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")

    assert sorted(git(root, "ls-files").splitlines()) == sorted(_LAID_DOWN)
