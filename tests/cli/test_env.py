"""`toolkit env`, by its command line."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

_WEB = """\
version: 1
name: web
description: Front end
# how far it reaches
network:
  access: custom
  allow: [api.example.com]   # the back end
variables: |
  NODE_ENV=a
setup: {script: "true"}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    (folder / "envs/web.yaml").write_text(_WEB, encoding="utf-8")
    (folder / "envs/slow.yaml").write_text("version: 1\nname: slow\nextends: web\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    return document


def _git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(("git", *identity, *words), cwd=folder, check=True, capture_output=True, timeout=60)


def test_list(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "list", "--json"]) == 0
    rows = _json(capsys)["environments"]
    assert [(one["name"], one["network"], one["archived"], one["selected"], one["path"]) for one in rows] == [
        ("slow", "custom", False, True, "envs/slow.yaml"),
        ("web", "custom", False, False, "envs/web.yaml"),
    ]
    assert all(len(one["revision"]) == 12 for one in rows)
    assert main(["env", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["*", "slow", "custom"]
    assert root.is_dir()


def test_list_refuses_files_with_errors_and_names_them_all(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/bad.yaml").write_text("version: 1\nname: bad\nnetwork: 5\nx: 1\n", encoding="utf-8")

    assert main(["env", "list", "--json"]) == 1
    error = _json(capsys)["error"]
    assert error["code"] == "invalid"
    assert [one["rule"] for one in error["problems"]] == ["wrong-type", "unknown-key"]


def test_show_has_values_revision_build_and_origins(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "show", "slow", "--json"]) == 0
    shown = _json(capsys)
    assert shown["environment"]["network"] == {
        "access": "custom",
        "allow": ["api.example.com"],
        "include_defaults": False,
        "deny": [],
        "secrets": [],
    }
    assert shown["environment"]["variables"] == {"NODE_ENV": "a"}
    assert shown["environment"]["session"] == {"idle_timeout": "30m", "max_age": "24h"}
    assert shown["environment"]["description"] == ""
    assert len(shown["revision"]) == 12
    assert len(shown["build"]) == 12
    assert shown["origins"] == {
        "name": "envs/slow.yaml:2:7",
        "network.access": "envs/web.yaml:6:11",
        "network.allow.0": "envs/web.yaml:7:11",
        "setup.script": "envs/web.yaml:10:17",
        "variables.NODE_ENV": "envs/web.yaml:9:3",
        "version": "envs/slow.yaml:1:10",
    }
    assert main(["env", "show", "slow"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["variables.NODE_ENV", "a", "envs/web.yaml:9:3"] in lines
    assert ["agent", "shell", "default"] in lines
    assert root.is_dir()


def test_show_minds_only_its_own_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/bad.yaml").write_text("nonsense", encoding="utf-8")
    assert main(["env", "show", "slow"]) == 0
    (root / "envs/web.yaml").write_text("version: 1\nname: web\nx: 1\n", encoding="utf-8")
    capsys.readouterr()

    assert main(["env", "show", "slow"]) == 1
    assert "envs/web.yaml:3:1: x: 'x' is not a key" in capsys.readouterr().err


def test_an_unknown_name_says_what_exists(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in ("show", "archive", "unarchive"):
        assert main(["env", verb, "wbe"]) == 1
        err = capsys.readouterr().err
        assert "environment 'wbe' does not exist" in err
        assert "did you mean 'web'? environments: slow, web" in err
    assert root.is_dir()


def test_new_writes_what_passes(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "new", "api", "--description", 'all: "of" it # yes']) == 0
    assert main(["env", "new", "api-slow", "--extends", "api", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("envs/api.yaml\n{")
    assert main(["validate", "--strict"]) == 0
    assert main(["env", "show", "api", "--json"]) == 0
    capsys.readouterr()
    assert (root / "envs/api.yaml").read_text(encoding="utf-8").startswith("version: 1\nname: api\n")


@pytest.mark.parametrize("words", [["web"], ["Web"], ["-x"], ["a/b"], ["x", "--extends", "absent"], ["a" * 41]])
def test_new_overwrites_nothing_and_makes_nothing_bad(root: Path, words: list[str]) -> None:
    before = {one.name: one.read_bytes() for one in (root / "envs").iterdir()}

    assert main(["env", "new", *words]) in {1, 2}
    assert {one.name: one.read_bytes() for one in (root / "envs").iterdir()} == before


def test_archive_and_back_keep_comments_order_and_mode(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "envs/web.yaml"
    file.chmod(0o640)

    assert main(["env", "archive", "web"]) == 0
    assert file.read_text(encoding="utf-8") == _WEB + "archived: true\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert main(["env", "archive", "web", "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out[out.index("{") :])["environment"] == {
        "name": "web",
        "path": "envs/web.yaml",
        "archived": True,
        "changed": False,
    }
    assert main(["env", "list"]) == 0
    assert "(archived)" in capsys.readouterr().out
    assert main(["env", "unarchive", "web"]) == 0
    assert file.read_text(encoding="utf-8") == _WEB + "archived: false\n"
    assert sorted(one.name for one in (root / "envs").iterdir()) == ["slow.yaml", "web.yaml"]


def test_archive_touches_no_file_with_errors(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "envs/web.yaml"
    file.write_text(_WEB + "x: 1\n", encoding="utf-8")

    assert main(["env", "archive", "web"]) == 1
    assert file.read_text(encoding="utf-8") == _WEB + "x: 1\n"
    assert "envs/web.yaml:11:1: x: " in capsys.readouterr().err


def test_migrate_rewrites_only_the_older(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = root / "envs/old.yaml"
    old.write_text("# first\nversion: 0   # the draft\nname: old\n", encoding="utf-8")

    assert main(["validate"]) == 1
    assert "toolkit env migrate" in capsys.readouterr().out
    assert main(["env", "migrate", "--json"]) == 0
    assert _json(capsys)["migrated"] == ["envs/old.yaml"]
    assert old.read_text(encoding="utf-8") == "# first\nversion: 1   # the draft\nname: old\n"
    assert main(["env", "migrate"]) == 0
    assert main(["validate"]) == 0


def test_diff_tells_meaning_and_follows_parents(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/gone.yaml").write_text("version: 1\nname: gone\nvariables_file: ../gone.env\n", encoding="utf-8")
    (root / "gone.env").write_text("A=1\n", encoding="utf-8")
    _git(root.parent, "init", "-q")
    _git(root.parent, "add", "-A")
    _git(root.parent, "commit", "-qm", "first")
    assert main(["env", "diff", "--check"]) == 0
    assert capsys.readouterr() == ("", "nothing changed in meaning since HEAD\n")

    (root / "envs/web.yaml").write_text(
        "# another layout\n"
        + _WEB.replace("[api.example.com]", "[api.example.com, www.example.com]")
        .replace("NODE_ENV=a", "NODE_ENV=b")
        .replace('"true"', '"false"'),
        encoding="utf-8",
    )
    (root / "envs/gone.yaml").unlink()
    (root / "envs/came.yaml").write_text("version: 1\nname: came\n", encoding="utf-8")

    assert main(["env", "diff"]) == 0
    assert capsys.readouterr().out == (
        "came: environment added\n"
        "gone: environment removed\n"
        "slow: network widened: + www.example.com; snapshot will be rebuilt\n"
        "slow: setup script changed: snapshot will be rebuilt\n"
        "slow: variable NODE_ENV: a → b\n"
        "web: network widened: + www.example.com; snapshot will be rebuilt\n"
        "web: setup script changed: snapshot will be rebuilt\n"
        "web: variable NODE_ENV: a → b\n"
    )
    assert main(["env", "diff", "--json", "--check", "HEAD"]) == 4
    changes = _json(capsys)["changes"]
    assert changes[2] == {
        "environment": "slow",
        "kind": "changed",
        "pointer": "network.allow",
        "from": None,
        "to": "www.example.com",
        "effects": ["network-widened", "snapshot-rebuilt", "next-session"],
    }


def test_diff_reads_files_of_the_past_outside_envs(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "shared.env").write_text("A=1\n", encoding="utf-8")
    (root / "envs/web.yaml").write_text("version: 1\nname: web\nvariables_file: ../shared.env\n", encoding="utf-8")
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "first")
    (root / "shared.env").write_text("A=2\n", encoding="utf-8")

    assert main(["env", "diff"]) == 0
    assert capsys.readouterr().out == "slow: variable A: 1 → 2\nweb: variable A: 1 → 2\n"


def test_diff_is_not_stopped_by_errors_of_the_past(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "envs/web.yaml").write_text("version: 1\nname: web\nx: 1\n", encoding="utf-8")
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "first")
    (root / "envs/web.yaml").write_text(_WEB, encoding="utf-8")

    assert main(["env", "diff"]) == 0
    out, err = capsys.readouterr()
    assert out == "slow: declaration changed\nweb: declaration changed\n"
    assert "web: the file at HEAD does not pass its checks" in err


def test_diff_without_repository_or_revision(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "diff"]) == 1
    assert "is not in a git repository" in capsys.readouterr().err
    _git(root, "init", "-q")
    assert main(["env", "diff", "nowhere"]) == 1
    assert "there is no revision 'nowhere'" in capsys.readouterr().err
