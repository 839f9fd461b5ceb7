from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import git, repository
from toolkit.runner import beyond

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", a_txt="one\n")


def test_a_plain_repository_lacks_nothing(checkout: Path) -> None:
    assert beyond.look(str(checkout)) == []


def test_submodules_are_named(checkout: Path, tmp_path: Path) -> None:
    library = repository(tmp_path / "library", b_txt="two\n")
    git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "vendor/library")
    git(checkout, "commit", "-q", "-m", "library")
    found = beyond.look(str(checkout))
    assert [(one.what, one.paths, one.total) for one in found] == [("submodules", ("vendor/library",), 1)]
    assert "git submodule update --init" in found[0].advice


def test_lfs_files_are_named_and_git_lfs_leaves_their_pointers(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        (checkout / f"image{number:02}.png").write_text("version https://git-lfs.github.com/spec/v1\n")
    (checkout / "assets").mkdir()
    (checkout / "assets" / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (checkout / "assets" / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\n")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "pointers")
    (tmp_path / "git-lfs").write_text("#!/bin/sh\nexec cat\n")
    (tmp_path / "git-lfs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert [(one.what, one.paths) for one in beyond.look(str(checkout))] == [("lfs", ("assets/model.bin",))]
    assert git(checkout, "config", "filter.lfs.smudge") == "git-lfs smudge --skip -- %f"
    (checkout / ".gitattributes").write_text("*.png filter=lfs\n")
    git(checkout, "add", ".")
    found = beyond.look(str(checkout))
    assert (len(found[0].paths), found[0].total) == (10, 13)
    assert "toolkit cp" in found[0].advice


def test_the_word_alone_is_no_reason_to_look(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("*.bin filter=lfs\n")
    git(checkout, "add", ".")
    assert beyond.look(str(checkout)) == []
