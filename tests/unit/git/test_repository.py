from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.git import git, repository
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git.repository import look

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


def test_changed_and_untracked_files_are_told_apart(checkout: Path) -> None:
    (checkout / "a.txt").write_text("two\n")
    (checkout / "new file.txt").write_text("x")
    found = look(str(checkout))
    assert found.changed == ("a.txt",)
    assert found.untracked == ("new file.txt",)


def test_the_address_for_people_holds_no_credential(checkout: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://user:hunter2@git.example.com:8443/shop.git?token=hunter2")
    found = look(str(checkout))
    assert found.address == "https://git.example.com:8443/shop.git"
    assert "hunter2" not in repr(found)
    assert "hunter2" in found.remote


def test_the_remote_of_the_branch_counts(checkout: Path) -> None:
    git(checkout, "remote", "add", "other", "git@git.example.com:team/other.git")
    assert look(str(checkout)).address == "git@git.example.com:team/other.git"
    git(checkout, "remote", "add", "origin", "git@git.example.com:team/shop.git")
    assert look(str(checkout)).address == "git@git.example.com:team/shop.git"
    git(checkout, "config", "branch.main.remote", "other")
    assert look(str(checkout)).address == "git@git.example.com:team/other.git"


def test_the_address_for_pushing_counts_where_it_is_the_same_repository(checkout: Path) -> None:
    git(checkout, "remote", "add", "origin", "https://git.example.com/team/shop")
    git(checkout, "remote", "set-url", "--push", "origin", "git@git.example.com:team/shop.git")
    assert look(str(checkout)).remote == "git@git.example.com:team/shop.git"
    git(checkout, "remote", "set-url", "--push", "origin", "git@git.example.com:me/shop.git")
    assert look(str(checkout)).remote == "https://git.example.com/team/shop"


def test_instead_of_and_relative_paths_are_resolved(checkout: Path) -> None:
    git(checkout, "config", "url.https://git.example.com/.insteadOf", "ex:")
    git(checkout, "remote", "add", "origin", "ex:team/shop.git")
    assert look(str(checkout)).remote == "https://git.example.com/team/shop.git"
    git(checkout, "remote", "set-url", "origin", "../shop.git")
    assert look(str(checkout)).remote == f"{checkout}/../shop.git"


def test_names_become_folders(checkout: Path) -> None:
    assert look("https://git.example.com/team/shop.git").name == "shop"
    assert look("git@git.example.com:team/shop.git").name == "shop"
    odd = checkout.rename(checkout.parent / "my shop (1)")
    assert look(str(odd)).name == "my-shop-1"


def test_a_bare_repository_is_an_address(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "clone", "-q", "--bare", str(checkout), str(tmp_path / "bare.git"))
    found = look(str(tmp_path / "bare.git"))
    assert (found.top, found.remote, found.name) == (None, str(tmp_path / "bare.git"), "bare")


def test_another_branch_leaves_the_changes_of_the_current_one(checkout: Path) -> None:
    git(checkout, "branch", "other")
    assert not look(str(checkout), branch="other").is_current
    git(checkout, "checkout", "-q", "--detach")
    assert look(str(checkout)).branch == ""
