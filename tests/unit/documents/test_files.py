"""Writing files that others read meanwhile."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from toolkit.documents.files import create, locked, replace

if TYPE_CHECKING:
    from pathlib import Path


def test_replace_keeps_the_mode_and_leaves_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text("old", encoding="utf-8")
    file.chmod(0o604)
    replace(file, "new\r\n")

    assert file.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o604
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file.yaml", "home"]


def test_create_never_replaces(tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    create(file, "first")
    with pytest.raises(FileExistsError):
        create(file, "second")

    assert file.read_text(encoding="utf-8") == "first"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file.yaml", "home"]


def test_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text("", encoding="utf-8")

    def add(number: int) -> None:
        with locked(file):
            before = file.read_text(encoding="utf-8")
            replace(file, f"{before}{number}\n")

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(add, range(40)))

    assert sorted(map(int, file.read_text(encoding="utf-8").split())) == list(range(40))
