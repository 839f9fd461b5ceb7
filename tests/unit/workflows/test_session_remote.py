from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.git import git, repository
from toolkit.workflows.session_remote import opened

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "https://git.example.com/team/shop.git"


def test_a_checkout_of_the_same_repository_says_how_it_is_opened(tmp_path: Path) -> None:
    top = repository(tmp_path / "shop")
    git(top, "remote", "add", "other", "https://git.example.com/team/other.git")
    git(top, "remote", "add", "origin", "https://ada:secret@git.example.com/team/shop")
    found = opened(ADDRESS, where=str(top))
    assert (found.remote, found.top) == ("https://ada:secret@git.example.com/team/shop", top)
    assert "secret" not in repr(found)


def test_elsewhere_the_address_has_to_do(tmp_path: Path) -> None:
    top = repository(tmp_path / "other")
    git(top, "remote", "add", "origin", "https://git.example.com/team/other.git")
    for where in (top, tmp_path):
        found = opened(ADDRESS, where=str(where))
        assert (found.remote, found.top) == (ADDRESS, None)
