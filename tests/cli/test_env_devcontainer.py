"""`toolkit env export` and `toolkit env import`, by their command lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from toolkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

_WEB = """\
version: 1
name: web
network: {access: none}
variables: |
  NODE_ENV=development
image:
  base: debian:trixie
  packages: {apt: [nodejs, npm]}
resources: {cpus: 2}
"""
_FOREIGN = """\
// What the team had before.
{
  "name": "Shop: front end",
  "image": "registry.example.com/node:22",
  "features": {"registry.example.com/features/go:1": {}},
  "containerEnv": {"NODE_ENV": "development", "HOME_OF": "${localEnv:HOME}"},
  "postStartCommand": "npm ci",
  "forwardPorts": [3000], // the server
}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    (folder / "envs/web.yaml").write_text(_WEB, encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def foreign(root: Path) -> Path:
    file = root / ".devcontainer/devcontainer.json"
    file.parent.mkdir()
    file.write_text(_FOREIGN, encoding="utf-8")
    return file


def _json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document.pop("version") == 1
    return document


def test_export_names_its_files_and_what_is_lost(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "web"]) == 0
    said = capsys.readouterr()
    assert said.out == ".devcontainer/Dockerfile\n.devcontainer/devcontainer.json\n"
    assert "network.access: a devcontainer's network is open" in said.err
    assert json.loads((root / ".devcontainer/devcontainer.json").read_text())["containerEnv"] == {
        "NODE_ENV": "development"
    }


def test_export_writes_over_nothing_without_force(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "web"]) == 0
    assert main(["env", "export", "web"]) == 0  # the same again is no conflict
    (root / ".devcontainer/Dockerfile").write_text("FROM scratch\n")
    (root / "envs/web.yaml").write_text(_WEB.replace("development", "test"))
    before = {one: one.read_bytes() for one in (root / ".devcontainer").iterdir()}
    capsys.readouterr()

    assert main(["env", "export", "web"]) == 1
    error = capsys.readouterr().err
    assert ".devcontainer/Dockerfile, .devcontainer/devcontainer.json are there already" in error
    assert {one: one.read_bytes() for one in (root / ".devcontainer").iterdir()} == before

    assert main(["env", "export", "web", "--force", "--json"]) == 0
    assert _json(capsys)["written"] == [".devcontainer/Dockerfile", ".devcontainer/devcontainer.json"]
    assert (root / ".devcontainer/Dockerfile").read_text().startswith("FROM debian:trixie\n")


def test_export_to_another_place(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "web", "--json", "--output", ".devcontainer/web/devcontainer.json"]) == 0
    done = _json(capsys)
    assert done["environment"] == "web"
    assert done["written"] == [".devcontainer/web/Dockerfile", ".devcontainer/web/devcontainer.json"]
    assert done["kept"] == []
    assert [one["key"] for one in done["unmapped"]] == ["network.access"]

    assert main(["env", "export", "web", "--json", "-o", str(tmp_path / "web.json")]) == 0
    assert _json(capsys)["written"] == [str(tmp_path / "Dockerfile"), str(tmp_path / "web.json")]
    assert root.is_dir()


def test_export_refuses_a_name_that_does_not_exist(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "wep"]) == 1
    assert "did you mean 'web'?" in capsys.readouterr().err
    assert not (root / ".devcontainer").exists()


def test_import_writes_a_declaration_that_is_valid(
    root: Path, foreign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "import", str(foreign)]) == 0
    said = capsys.readouterr()
    assert said.out == "envs/shop-front-end.yaml\n"
    assert (
        (root / "envs/shop-front-end.yaml").read_text()
        == """\
version: 1
name: shop-front-end
network:
  access: trusted
image:
  base: registry.example.com/node:22
variables: |
  NODE_ENV=development
hooks:
  session_start:
    - matcher: "startup|resume"
      command: "npm ci"
"""
    )
    for key in ("features", "forwardPorts", "containerEnv.HOME_OF"):
        assert f"  {key}: " in said.err
    assert main(["validate", "--strict"]) == 0


def test_import_by_name_and_json(root: Path, foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "schemas").mkdir()
    (root / "schemas/environment.schema.json").write_text("{}")

    assert main(["env", "import", str(foreign), "--name", "shop", "--json"]) == 0
    done = _json(capsys)
    assert done["environment"] == {"name": "shop", "path": "envs/shop.yaml"}
    assert [one["key"] for one in done["unmapped"]] == ["containerEnv.HOME_OF", "features", "forwardPorts"]
    first = (root / "envs/shop.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../schemas/environment.schema.json"


def test_import_never_writes_over_an_environment(root: Path, foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "import", str(foreign), "--name", "web"]) == 1
    assert "environment 'web' exists already: envs/web.yaml" in capsys.readouterr().err
    assert (root / "envs/web.yaml").read_text() == _WEB


def test_import_takes_the_folder_where_nothing_is_named(root: Path, foreign: Path) -> None:
    foreign.write_text("{}")

    assert main(["env", "import", str(foreign)]) == 0
    assert (root / "envs/project.yaml").is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{,\n", "devcontainer.json:1:2: Expecting property name"),
        ("[]", "its top is no object"),
        ('{"build": {"dockerfile": "Missing"}}', "there is no file"),
        ('{"onCreateCommand": "' + 200_000 * "a\\n" + '"}', "other.yaml was not written"),
    ],
)
def test_import_refuses_what_it_cannot_read(
    root: Path, foreign: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign.write_text(text)

    assert main(["env", "import", str(foreign), "--name", "other"]) == 1
    assert said in capsys.readouterr().err
    assert not (root / "envs/other.yaml").exists()


def test_import_refuses_a_name_that_is_none(root: Path, foreign: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "import", str(foreign), "--name", "Shop"]) == 1
    assert "'Shop' is not the name of an environment" in capsys.readouterr().err
    assert not (root / "envs/Shop.yaml").exists()


def test_import_of_a_file_that_is_not_there(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "import", "nothing.json"]) == 1
    assert "there is no file nothing.json" in capsys.readouterr().err
    assert root.is_dir()


def test_there_and_back(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["env", "export", "web"]) == 0
    assert main(["env", "import", ".devcontainer/devcontainer.json", "--name", "back"]) == 0
    shown = {}
    for name in ("web", "back"):
        capsys.readouterr()
        assert main(["env", "show", name, "--json"]) == 0
        shown[name] = _json(capsys)["environment"]

    assert shown["web"]["network"]["access"] == "none"  # the one thing that a devcontainer did not carry
    for one in shown.values():
        del one["name"], one["network"]
    assert shown["web"] == shown["back"]
    assert root.is_dir()
