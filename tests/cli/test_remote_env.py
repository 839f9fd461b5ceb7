"""`toolkit remote-env` as a person and a script meet it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from toolkit.cli.main import main
from toolkit.settings import layers

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., tuple[int, str, str]]

UP, DOWN, CTRL_C = "\x1b[A", "\x1b[B", "\x03"
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(layers, "MANAGED_PATH", tmp_path / "etc" / "settings.yaml")
    folder = tmp_path / "repository"
    (folder / "envs").mkdir(parents=True)
    for name in ("default", "python", "web-app"):
        (folder / "envs" / f"{name}.yaml").write_text(
            f"version: 1\nname: {name}\ndescription: The {name} one\nnetwork: {{access: none}}\n"
        )
    (folder / "envs" / "old.yaml").write_text("version: 1\nname: old\narchived: true\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(root: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*argv: str) -> tuple[int, str, str]:
        code = main(["remote-env", *argv])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def user_file() -> Path:
    return Path.home() / ".config/toolkit/settings.yaml"


def test_without_a_terminal_the_list_marks_the_current_one(run: Run) -> None:
    code, out, err = run()
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()[1:]] == [
        ["*", "default", "none"],
        ["python", "none", out.splitlines()[2].split()[2]],
        ["web-app", "none", out.splitlines()[3].split()[2]],
    ]
    assert "sessions get 'default'" in err


def test_the_json_document(run: Run) -> None:
    code, out, err = run("--json")
    document = json.loads(out)
    assert (code, err, document["version"]) == (0, "", 1)
    assert (document["selected"], document["source"]) == ("default", {"layer": "default", "path": None})
    assert [one["name"] for one in document["environments"]] == ["default", "old", "python", "web-app"]
    first, old = document["environments"][:2]
    assert len(first.pop("revision")) == 12
    assert first == {
        "name": "default",
        "description": "The default one",
        "network": "none",
        "archived": False,
        "selected": True,
        "path": "envs/default.yaml",
    }
    assert (old["archived"], old["selected"], old["network"]) == (True, False, "trusted")


def test_a_name_is_saved_for_the_user(run: Run) -> None:
    code, out, err = run("python")
    assert (code, out) == (0, "python\n")
    assert err == f"'python' is now the default environment (user settings, {user_file()})\n"
    assert user_file().read_text() == "remote:\n  default_environment: python\n"
    document = json.loads(run("--json")[1])
    assert (document["selected"], document["source"]) == ("python", {"layer": "user", "path": str(user_file())})


@pytest.mark.parametrize(
    ("scope", "path"), [("project", ".toolkit/settings.yaml"), ("local", ".toolkit/settings.local.yaml")]
)
def test_a_scope_says_where(run: Run, root: Path, scope: str, path: str) -> None:
    code, _, err = run("python", "--scope", scope)
    assert code == 0
    assert path in err
    assert (root / path).read_text() == "remote:\n  default_environment: python\n"
    assert json.loads(run("--json")[1])["source"] == {"layer": scope, "path": path}


def test_a_higher_layer_that_wins_is_named(run: Run) -> None:
    run("web-app", "--scope", "local")
    code, out, err = run("python")
    assert (code, out) == (0, "web-app\n")
    assert "warning: 'web-app' still wins here: .toolkit/settings.local.yaml (project local settings)" in err
    assert "default_environment: python" in user_file().read_text()


def test_managed_settings_that_win_are_named(run: Run) -> None:
    layers.MANAGED_PATH.parent.mkdir()
    layers.MANAGED_PATH.write_text("remote: {default_environment: default}\n")
    assert f"'default' still wins here: {layers.MANAGED_PATH}" in run("python")[2]


def test_a_higher_layer_that_agrees_is_no_matter(run: Run) -> None:
    run("python", "--scope", "local")
    assert "warning" not in run("python")[2]


def test_unset_takes_the_choice_of_one_scope_back(run: Run, root: Path) -> None:
    run("web-app")
    run("python", "--scope", "project")
    code, out, err = run("--unset", "--scope", "project")
    assert (code, out) == (0, "web-app\n")
    assert "the choice in .toolkit/settings.yaml is taken back" in err
    assert "default_environment" not in (root / ".toolkit/settings.yaml").read_text()
    assert "nothing was chosen in .toolkit/settings.yaml" in run("--unset", "--scope", "project")[2]


def test_comments_survive(run: Run) -> None:
    user_file().parent.mkdir(parents=True)
    user_file().write_text("# mine\nremote:\n  # for now\n  default_environment: python  # soon web\n")
    run("web-app")
    assert user_file().read_text() == "# mine\nremote:\n  # for now\n  default_environment: web-app  # soon web\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pyton", ["environment 'pyton' does not exist", "did you mean 'python'?", "default, python, web-app"]),
        ("zzz", ["environment 'zzz' does not exist", "environments: default, python, web-app"]),
        ("old", ["environment 'old' is archived", "toolkit env unarchive old"]),
    ],
)
def test_a_name_that_cannot_be_chosen(run: Run, name: str, said: list[str]) -> None:
    code, out, err = run(name)
    assert (code, out) == (1, "")
    assert all(words in err for words in said)
    assert not user_file().exists()


def test_a_saved_choice_that_is_archived_falls_back_with_a_warning(run: Run, root: Path) -> None:
    run("python", "--scope", "project")
    (root / "envs/python.yaml").write_text("version: 1\nname: python\narchived: true\n")
    code, out, err = run()
    assert code == 0
    assert out.splitlines()[1].startswith("*  default")
    assert "warning: environment 'python', chosen in .toolkit/settings.yaml, is archived: 'default' is taken" in err


def test_a_single_environment_shows_its_configuration(run: Run, root: Path) -> None:
    for name in ("default", "python"):
        (root / "envs" / f"{name}.yaml").unlink()
    (root / "envs/web-app.yaml").write_text(
        "version: 1\nname: web-app\nnetwork: {access: custom, allow: [api.example.com]}\n"
        "variables: |\n  KEY=a-value\nimage: {packages: {apt: [jq]}}\n"
    )
    code, out, _ = run()
    shown = dict(line.split(":", 1) for line in out.splitlines())
    assert code == 0
    assert {key: text.strip() for key, text in shown.items() if key not in {"revision", "base"}} == {
        "environment": "web-app",
        "file": "envs/web-app.yaml",
        "network": "custom",
        "allowed": "api.example.com",
        "variables": "KEY",
        "apt": "jq",
        "agent": "shell",
    }


def test_without_any_environment_it_says_how_to_make_one(run: Run, root: Path) -> None:
    for path in (root / "envs").iterdir():
        path.unlink()
    code, out, err = run()
    assert (code, out) == (0, "")
    assert "toolkit env new NAME" in err
    assert json.loads(run("--json")[1]) == {"version": 1, "selected": None, "source": None, "environments": []}


def test_site_settings_in_a_project_file_are_refused(run: Run, root: Path) -> None:
    (root / ".toolkit").mkdir()
    (root / ".toolkit/settings.yaml").write_text("site:\n  subnets: [10.0.0.0/8]\n")
    code, out, err = run()
    assert (code, out) == (1, "")
    assert ".toolkit/settings.yaml:2:3: site.subnets: counts only in managed and user settings" in err


@pytest.mark.parametrize(
    "argv", [("python", "--unset"), ("--scope", "local"), ("python", "--scope", "managed"), ("python", "web-app")]
)
def test_a_wrong_command_line(run: Run, argv: tuple[str, ...]) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


def test_help_has_examples(run: Run) -> None:
    assert "toolkit remote-env web-app --scope local" in run("--help")[1]


def picker(*argv: str) -> pexpect.spawn[str]:
    child = pexpect.spawn(
        sys.executable,
        ["-m", "toolkit", "remote-env", *argv],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        encoding="utf-8",
        timeout=20,
    )
    child.expect_exact("Environment for sessions")
    child.expect_exact("web-app")
    return child


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus


@pytest.mark.parametrize(("keys", "name"), [(DOWN, "python"), (DOWN * 2, "web-app"), (UP, "web-app"), ("", "default")])
def test_arrow_keys_choose_on_a_terminal(root: Path, keys: str, name: str) -> None:
    child = picker()
    child.send(keys)
    child.send("\r")
    child.expect_exact("is now the default environment")
    assert ended(child) == 0
    assert user_file().read_text() == f"remote:\n  default_environment: {name}\n"


def test_the_picker_starts_at_the_current_one_and_keeps_to_the_scope(run: Run, root: Path) -> None:
    run("python", "--scope", "project")
    child = picker("--scope", "local")
    child.send(DOWN + "\r")
    assert ended(child) == 0
    assert (root / ".toolkit/settings.local.yaml").read_text() == "remote:\n  default_environment: web-app\n"


def test_the_picker_offers_no_archived_one(root: Path) -> None:
    child = picker()
    assert "old" not in (child.before or "")
    child.send(CTRL_C)
    assert ended(child) == 130


def test_an_interrupted_choice_saves_nothing(root: Path) -> None:
    child = picker()
    child.send(DOWN + CTRL_C)
    assert ended(child) == 130
    assert not user_file().exists()
