"""Shell completion: what is offered where, in the words of each shell, and by the real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.support import shells
from toolkit.cli import completion, shape
from toolkit.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable

_SESSIONS = [{"dev.toolkit.session": "calm-otter-3f9a"}, {"dev.toolkit.session": "brisk-heron-0c1d"}, {}]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "envs").mkdir()
    for name in shells.ENVIRONMENTS:
        (tmp_path / f"envs/{name}.yaml").write_text(f"version: 1\nname: {name}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("toolkit.engines.connection.labelled", lambda _labels: _SESSIONS)
    return tmp_path


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("line", "start", "expected"),
    [
        ("", "remo", ["remote-env", "remote"]),
        ("", "clou", []),  # an alias is not offered beside what it stands for
        ("env", "a", ["approve", "archive"]),
        ("env show", "", ["batch", "web", "web-api"]),
        ("env show", "web", ["web", "web-api"]),
        ("env show web", "", []),
        ("--json env show", "b", ["batch"]),
        ("env -v show", "b", ["batch"]),
        ("remote-env", "we", ["web", "web-api"]),
        ("remote-env web --scope", "", ["user", "project", "local"]),
        ("remote-env web", "--sc", ["--scope"]),
        ("remote-env --scope local", "b", ["batch"]),
        ("remote-env", "--scope=l", ["--scope=local"]),
        ("remote", "--en", ["--env"]),
        ("remote --env", "b", ["batch"]),
        ("remote task --env=web", "--wai", ["--wait"]),
        ("validate --format", "s", ["sarif"]),
        ("", "loc", ["lock"]),
        ("up", "--lock", ["--locked"]),
        ("validate", "", []),  # files: the shell knows them
        ("network check", "w", ["web", "web-api"]),
        ("network check web", "", []),
        ("stop", "", ["brisk-heron-0c1d", "calm-otter-3f9a"]),
        ("logs -f", "calm", ["calm-otter-3f9a"]),
        ("archive", "b", ["brisk-heron-0c1d"]),
        ("tasks --state", "a", ["archived"]),
        ("tasks", "--state=st", ["--state=stopped"]),
        ("exec calm --", "--", []),
        ("env new", "", []),  # a name that is not there yet
        ("env new thing --extends", "b", ["batch"]),
        ("nonsense", "", []),
        ("tasks", "--j", ["--json"]),
        ("--root", "", []),
    ],
)
def test_what_is_offered(line: str, start: str, expected: list[str]) -> None:
    found = [word for word, _ in completion.offers(line.split(), start)]

    assert sorted(found) == sorted(expected)


def test_the_environments_of_another_root(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(root / "envs", other / "envs")
    (other / "envs/web.yaml").rename(other / "envs/elsewhere.yaml")

    assert completion.offers(["--root", str(other), "env", "show"], "else") == [("elsewhere", "")]


def test_no_root_and_no_engine_offer_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")

    assert completion.offers(["env", "show"], "") == []
    assert completion.offers(["stop"], "") == []


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize(
    ("variables", "expected", "code"),
    [
        (
            {"_TOOLKIT_COMPLETE": "complete_bash", "COMP_WORDS": "toolkit\nenv\nshow\nw", "COMP_CWORD": "3"},
            "web web-api",
            0,
        ),
        (
            {"_TOOLKIT_COMPLETE": "complete_bash", "COMP_WORDS": "toolkit\nenv\nshow\n", "COMP_CWORD": "3"},
            "batch web web-api",
            0,
        ),
        (
            {"_TOOLKIT_COMPLETE": "complete_bash", "COMP_WORDS": "toolkit\nremote\n--env\n=\nb", "COMP_CWORD": "4"},
            "batch",
            0,
        ),
        (
            {"_TOOLKIT_COMPLETE": "complete_bash", "COMP_WORDS": "toolkit\nremote\n'a b\n", "COMP_CWORD": "2"},
            "",
            0,
        ),
        (
            {
                "_TOOLKIT_COMPLETE": "complete_fish",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
                "_TYPER_COMPLETE_ARGS": "toolkit env show ",
            },
            "batch web web-api",
            0,
        ),
        (
            {
                "_TOOLKIT_COMPLETE": "complete_fish",
                "_TYPER_COMPLETE_FISH_ACTION": "is-args",
                "_TYPER_COMPLETE_ARGS": "toolkit validate ",
            },
            "",
            1,
        ),
        ({"_TOOLKIT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "toolkit validate "}, "_files", 0),
    ],
)
def test_each_shell_is_answered_in_its_own_way(
    variables: dict[str, str],
    expected: str,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert main([]) == code
    assert capsys.readouterr().out.replace("\n", " ").strip() == expected


@pytest.mark.usefixtures("root")
def test_powershell_is_answered_by_the_command_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_TOOLKIT_COMPLETE", "complete_powershell")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "toolkit env show ")
    with pytest.raises(SystemExit) as done:
        main([])

    assert done.value.code == 0
    assert [line.partition(":::")[0] for line in capsys.readouterr().out.splitlines()] == ["batch", "web", "web-api"]


@pytest.mark.usefixtures("root")
def test_the_second_completion_and_the_second_help_need_no_command_tree() -> None:
    shape.shape()
    main(["env", "--help"])
    words = [sys.executable, "-X", "importtime", "-m", "toolkit"]
    asked = {"_TOOLKIT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "toolkit env show w"}
    runs = [
        subprocess.run(words, env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=True),
        subprocess.run([*words, "env", "--help"], capture_output=True, text=True, timeout=60, check=True),
    ]

    assert "'web-api'" in runs[0].stdout
    assert "approve" in runs[1].stdout
    for run in runs:
        loaded = {line.rpartition("|")[2].strip() for line in run.stderr.splitlines()}
        assert loaded.isdisjoint({"typer", "click", "rich", "typing", "dataclasses", "shutil"})


@pytest.mark.parametrize("words", [(), ("env",), ("remote-env",), ("env", "show")])
def test_help_from_memory_is_the_help_of_the_tree(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert shape.known_help(words) is None
    assert main([*words, "--help"]) == 0
    first = capsys.readouterr()
    assert first.out.startswith(f"Usage: {' '.join(('toolkit', *words))}")
    assert shape.known_help(words) == first.out
    assert main([*words, "-h"]) == 0
    assert capsys.readouterr() == first


def test_help_follows_the_width_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = []
    for width in ("60", "200", "60"):
        monkeypatch.setenv("COLUMNS", width)
        main(["validate", "--help"])
        texts.append(capsys.readouterr().out)

    assert texts[0] == texts[2] != texts[1]
    assert max(map(len, texts[0].splitlines())) <= 60


def test_help_of_what_does_not_exist_is_an_error_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["nonsense", "--help"]) == 2
        assert "No such command 'nonsense'" in capsys.readouterr().err


@pytest.fixture
def shell(root: Path) -> Callable[..., str]:
    """Runs a script in a real shell whose home is the test's own, with this toolkit first in the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def run(name: str, script: str) -> str:
        program = shutil.which(name)
        if program is None:
            pytest.skip(f"{name} is not installed: tests/e2e/test_start.py has it on a machine of its own")
        done = subprocess.run(
            [program, "-c", script],
            cwd=root,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_bash_completes_after_the_installation(shell: Callable[..., str]) -> None:
    shells.bash_completes(shell)


def test_fish_completes_after_the_installation(shell: Callable[..., str]) -> None:
    shells.fish_completes(shell)


def test_zsh_completes_after_the_installation(shell: Callable[..., str], root: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "TERM": "dumb"}
    shells.zsh_completes(
        shell, lambda: pexpect.spawn("zsh", ["-i"], cwd=str(root), env=variables, timeout=20, encoding="utf-8")
    )
