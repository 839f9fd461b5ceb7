"""`check-tools`, on a PATH of the test's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from toolkit.runner import tools

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small programs, found instead of the machine's; each of them needs /bin/sh alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name, said in {
        "git": "echo git version 2.39.5",
        "java": "echo 'openjdk version \"21.0.2\" 2024-01-16' >&2",
        "node": "echo v18.20.4; exit 1",
        "make": "true",
        "apk": "echo apk-tools 2, compiled for x",
    }.items():
        (folder / name).write_text(f"#!/bin/sh\n{said}\n")
        (folder / name).chmod(0o755)
    (folder / "jq").write_text("no program\n")  # it may not be run
    (folder / "rg").write_bytes(b"\x7fnot of this machine")
    (folder / "rg").chmod(0o755)
    return folder


def test_those_that_are_there_with_what_they_tell(programs: Path) -> None:
    found = {one["name"]: (one["group"], one["version"], one["path"]) for one in tools.look()}
    assert found == {
        "node": ("languages", "18.20.4", f"{programs}/node"),
        "java": ("languages", "21.0.2", f"{programs}/java"),
        "apk": ("package managers", "2", f"{programs}/apk"),
        "git": ("tools", "2.39.5", f"{programs}/git"),
        "make": ("tools", "?", f"{programs}/make"),
        "rg": ("tools", "?", f"{programs}/rg"),
    }


def test_the_table_names_every_group(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [one for one in lines if not one.startswith(" ")] == ["languages", "package managers", "tools"]
    assert "  git   2.39.5" in lines


def test_the_document_has_the_same(programs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"version": 1, "tools": tools.look()}


def test_other_words_are_a_question_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert tools.main(["--all"]) == 2
    assert "usage" in capsys.readouterr().err
