from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git, repository
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git.repository import carry, look

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return repository(tmp_path / "shop", a_txt="one\n")


def test_no_repository_and_no_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match="is not a git repository"):
        look(str(tmp_path))
    with pytest.raises(NotFoundError, match="is no folder"):
        look(str(tmp_path / "none"))


def test_a_repository_without_commits_is_refused(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    with pytest.raises(ToolkitError, match="no commits yet"):
        look(str(tmp_path))


def test_an_unknown_branch_names_those_that_exist(checkout: Path) -> None:
    with pytest.raises(NotFoundError, match="no branch 'mian'") as caught:
        look(str(checkout), branch="mian")
    assert "main" in caught.value.hint


def test_what_stays_behind_is_named(checkout: Path) -> None:
    (checkout / "a.txt").write_text("two\n")
    (checkout / "new file.txt").write_text("x")
    assert set(look(str(checkout)).uncommitted) == {"a.txt", "new file.txt"}


def test_credentials_of_the_remote_do_not_travel(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://user:hunter2@git.example.com:8443/shop.git?token=hunter2")
    git(checkout, "config", "http.extraheader", "Authorization: hunter2")
    found = look(str(checkout))
    assert found.address == "https://git.example.com:8443/shop.git"
    carry(found, into=tmp_path / "clone", session="s", branch="session/s")
    for path in (tmp_path / "clone").rglob("*"):
        assert not path.is_file() or b"hunter2" not in path.read_bytes(), path


def test_the_clone_stands_on_the_sessions_branch(checkout: Path, tmp_path: Path) -> None:
    carried = carry(look(str(checkout)), into=tmp_path / "clone", session="s", branch="session/s")
    assert git(carried.folder, "symbolic-ref", "HEAD") == "refs/heads/session/s"
    assert git(carried.folder, "rev-parse", "HEAD") == carried.commit == git(checkout, "rev-parse", "HEAD")
    assert [one.name for one in carried.folder.iterdir()] == [".git"]


def test_unreachable_objects_stay_at_home(checkout: Path, tmp_path: Path) -> None:
    (checkout / "secret.txt").write_text("hunter2")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "oops")
    lost = git(checkout, "rev-parse", "HEAD")
    git(checkout, "reset", "-q", "--hard", "HEAD~1")
    carried = carry(look(str(checkout)), into=tmp_path / "clone", session="s", branch="session/s")
    with pytest.raises(subprocess.CalledProcessError):
        git(carried.folder, "cat-file", "-e", lost)


def test_a_detached_head_and_another_branch(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "branch", "other")
    (checkout / "a.txt").write_text("two\n")
    git(checkout, "commit", "-q", "-a", "-m", "two")
    other = carry(look(str(checkout), branch="other"), into=tmp_path / "c1", session="s", branch="session/s")
    assert other.commit == git(checkout, "rev-parse", "other")
    git(checkout, "checkout", "-q", "--detach", "HEAD")
    detached = carry(look(str(checkout)), into=tmp_path / "c2", session="s", branch="session/s")
    assert detached.commit == git(checkout, "rev-parse", "HEAD")


def test_commits_in_the_clone_name_the_session_once(checkout: Path, tmp_path: Path) -> None:
    carried = carry(look(str(checkout)), into=tmp_path / "clone", session="calm-otter-1", branch="session/s")
    git(carried.folder, "reset", "-q", "--hard")
    git(carried.folder, "commit", "-q", "--allow-empty", "-m", "work")
    git(carried.folder, "commit", "-q", "--allow-empty", "--amend", "--no-edit")
    assert git(carried.folder, "log", "-1", "--format=%(trailers)").count("Toolkit-Session: calm-otter-1") == 1


def test_a_shallow_checkout_can_be_carried(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "commit", "-q", "--allow-empty", "-m", "two")
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{checkout}", str(tmp_path / "shallow")], check=True)
    carried = carry(look(str(tmp_path / "shallow")), into=tmp_path / "clone", session="s", branch="session/s")
    assert carried.commit == git(checkout, "rev-parse", "HEAD")


def test_names_become_folders(checkout: Path) -> None:
    assert look("https://git.example.com/team/shop.git").name == "shop"
    assert look("git@git.example.com:team/shop.git").name == "shop"
    odd = checkout.rename(checkout.parent / "my shop (1)")
    assert look(str(odd)).name == "my-shop-1"
