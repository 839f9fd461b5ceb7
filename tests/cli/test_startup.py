"""What quick commands import, and that their plain spelling does what the command tree does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from toolkit import __version__
from toolkit.cli import main as front
from toolkit.cli.main import main

_ROOT = Path(__file__).resolve().parents[2]
_HEAVY = {
    "rich",
    "docker",
    "pulumi",
    "jsonschema",
    "jsonschema_rs",
    "asyncio",
    "typer",
    "click",
    "ruamel",
    "questionary",
    "dataclasses",
    "inspect",
    "typing",
    "hashlib",
}


def _imported(*words: str) -> set[str]:
    """The top-level packages that `toolkit words…` imports, as Python itself reports them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "toolkit", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {name.partition(".")[0] for name in names}


def test_the_version_imports_next_to_nothing() -> None:
    assert _imported("--version") & {*_HEAVY, "pathlib", "json", "re", "enum"} == set()
    assert _imported("--root", str(_ROOT), "-v", "--version") & _HEAVY == set()


def _words(root: Path, *words: str) -> tuple[str, ...]:
    return ("--root", str(root), *words)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "envs").mkdir()
    texts = {"web": "network: {access: none}\n", "api": "description: an API\nvariables: |\n  A=1\n"}
    for name, text in texts.items():
        (tmp_path / f"envs/{name}.yaml").write_text(f"version: 1\nname: {name}\n{text}", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ("env", "list"),
        ("remote-env", "web"),
        ("network", "check", "api", "https://github.com/"),
        ("validate",),
    ],
)
def test_unchanged_files_need_neither_a_yaml_reader_nor_a_schema(root: Path, words: tuple[str, ...]) -> None:
    for _ in range(2):  # the choice of `remote-env` is itself a file that is new to the next call
        main(_words(root, *words))

    assert _imported(*_words(root, *words)) & _HEAVY == set()


@pytest.mark.parametrize("options", [(), ("--json",), ("-q",)])
@pytest.mark.parametrize(
    "words",
    [
        ("env", "list"),
        ("remote-env", "web"),
        ("remote-env", "gone"),
        ("network", "check", "web", "https://api.example.com/"),
        ("network", "check", "gone", "https://api.example.com/"),
        ("network", "check", "web", "https://user@[::1]:99999/"),
        ("validate",),
        ("validate", "envs/web.yaml"),
        ("validate", "gone.yaml"),
    ],
)
def test_the_plain_spelling_does_what_the_command_tree_does(
    root: Path,
    words: tuple[str, ...],
    options: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(root)
    main(words)  # so that a second call changes nothing
    capsys.readouterr()
    plain = (main([*words, *options]), capsys.readouterr())
    monkeypatch.setattr("toolkit.cli.quick.plain_verb", lambda _: None)

    assert (main([*words, *options]), capsys.readouterr()) == plain


@pytest.mark.parametrize("words", [["--version"], ["-v", "--version"], ["--root", "anywhere", "--version"]])
def test_the_version_stands_alone_or_beside_global_options(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == front.EXIT_OK
    assert capsys.readouterr().out == f"toolkit {__version__}\n"
