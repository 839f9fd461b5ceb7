"""What is kept between commands: only as long as it is true, and never trusted further than it can be checked."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from toolkit import memory as memory_module
from toolkit.memory import Memory, noted
from toolkit.paths import cache_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "parts").mkdir(parents=True)
    for name in ("a.yaml", "parts/a.env"):
        _write(folder / name, "one\n")
    return folder


def _write(path: Path, text: str, *, age: float = 60.0) -> None:
    """A file whose times lie `age` seconds back, as far as a program can set them."""
    path.write_text(text, encoding="utf-8")
    at = path.stat().st_mtime - age
    os.utime(path, (at, at))


def _keep(root: Path, payload: object = ("found",)) -> None:
    paths = {"a.yaml": root / "a.yaml", "./parts/a.env": root / "parts/a.env"}
    seen = {name: noted(path.stat(), path.read_bytes()) for name, path in paths.items()}
    Memory.of("tests", root).keep({"a.yaml": (paths, payload)}, seen)


def _recall(root: Path) -> Any:
    return Memory.of("tests", root).recall("a.yaml")


def _only_file() -> Path:
    (found,) = (cache_dir() / "declarations").iterdir()
    return found


def test_a_finding_is_recalled_while_all_its_files_are_unchanged(root: Path) -> None:
    _keep(root, {"name": "a"})

    assert _recall(root) == {"name": "a"}
    assert Memory.of("others", root).recall("a.yaml") is None
    assert Memory.of("tests", root / "parts").recall("a.yaml") is None


def _edit(root: Path) -> None:
    _write(root / "a.yaml", "two\n")


def _edit_with_the_same_size_and_times(root: Path) -> None:
    before = (root / "parts/a.env").stat()
    (root / "parts/a.env").write_text("two\n", encoding="utf-8")
    os.utime(root / "parts/a.env", ns=(before.st_atime_ns, before.st_mtime_ns))


def _remove(root: Path) -> None:
    (root / "parts/a.env").unlink()


def _folder_instead(root: Path) -> None:
    _remove(root)
    (root / "parts/a.env").mkdir()


def _link_instead_of_the_file(root: Path) -> None:
    (root / "parts/a.env").rename(root.parent / "outside.env")
    (root / "parts/a.env").symlink_to(root.parent / "outside.env")


def _link_instead_of_the_folder(root: Path) -> None:
    (root / "parts").rename(root.parent / "outside")
    (root / "parts").symlink_to(root.parent / "outside")


@pytest.mark.parametrize(
    "change",
    [
        _edit,
        _edit_with_the_same_size_and_times,
        _remove,
        _folder_instead,
        _link_instead_of_the_file,
        _link_instead_of_the_folder,
    ],
)
def test_a_finding_goes_when_one_of_its_files_changes(root: Path, change: Callable[[Path], None]) -> None:
    _keep(root)
    change(root)

    assert _recall(root) is None


def test_the_same_content_written_anew_is_no_change(root: Path) -> None:
    _keep(root)
    _write(root / "a.yaml", "one\n", age=30)

    assert _recall(root) == ["found"]


def test_a_file_that_is_too_young_is_told_by_its_content(root: Path) -> None:
    """Its clock tick may not be over: another write could leave the same state behind."""
    path = root / "a.yaml"
    path.write_text("one\n", encoding="utf-8")

    assert noted(path.stat(), b"one\n")[:4] == [0, 0, 0, 0]
    _keep(root)
    assert _recall(root) == ["found"]


def test_another_toolkit_remembers_nothing_of_this_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _keep(root)
    monkeypatch.setattr(memory_module, "_product", lambda: "another one")

    assert _recall(root) is None


@pytest.mark.parametrize("at", [0, 10, 64, 65, 70, 100, -2, -1])
@pytest.mark.parametrize("put", [b"", b"x", b"\x00\xff"])
def test_a_damaged_file_is_ignored_and_replaced(root: Path, at: int, put: bytes) -> None:
    _keep(root)
    file = _only_file()
    whole = file.read_bytes()
    at %= len(whole)
    file.write_bytes(whole[:at] + put + whole[at + 1 :])

    assert _recall(root) is None
    _keep(root)
    assert _recall(root) == ["found"]


@pytest.mark.parametrize("body", ["[]", "{}", '{"files": 1, "entries": []}', '{"files": {}, "entries": {"a.yaml": 1}}'])
def test_a_file_of_another_shape_is_ignored(root: Path, body: str) -> None:
    _keep(root)
    digest = hashlib.sha256(body.encode()).hexdigest()
    _only_file().write_text(f"{digest}\n{body}", encoding="utf-8")

    assert _recall(root) is None
    _keep(root)
    assert _recall(root) == ["found"]


def test_where_nothing_can_be_written_nothing_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(root.parent / "file"))
    _keep(root)

    assert _recall(root) is None


def test_the_folder_holds_a_bounded_number_of_files(tmp_path: Path) -> None:
    for index in range(memory_module._MAX_FILES + 5):
        (folder := tmp_path / f"root{index}").mkdir()
        _write(folder / "a.yaml", "one\n")
        seen = {"a.yaml": noted((folder / "a.yaml").stat(), b"one\n")}
        Memory.of("tests", folder).keep({"a.yaml": (["a.yaml"], 1)}, seen)

    files = list((cache_dir() / "declarations").iterdir())
    assert len(files) == memory_module._MAX_FILES
    assert all(json.loads(one.read_bytes().partition(b"\n")[2]) for one in files)
    assert Memory.of("tests", folder).recall("a.yaml") == 1


def test_a_file_whose_state_is_the_one_noted_is_not_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "_FINE_TICK", 0)
    monkeypatch.setattr(memory_module, "_COARSE_TICK", 0)
    _keep(root)

    def read(*_: object) -> bytes:
        raise AssertionError("it is opened")

    monkeypatch.setattr(Memory, "_content", staticmethod(read))
    assert _recall(root) == ["found"]
