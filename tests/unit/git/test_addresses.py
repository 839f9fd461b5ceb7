from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.git.addresses import is_address, parse, shown

if TYPE_CHECKING:
    from pathlib import Path

SAME = [
    "https://git.example.com/team/shop.git",
    "https://git.example.com/team/shop",
    "https://git.example.com/team/shop/",
    "https://user:secret@git.example.com/team/shop.git",
    "https://GIT.example.com:443/team/shop.git",
    "http://git.example.com/team/shop.git",
    "ssh://git@git.example.com/team/shop.git",
    "ssh://git@git.example.com:22/team/shop.git",
    "git+ssh://git@git.example.com/team/shop.git",
    "git@git.example.com:team/shop.git",
    "git@git.example.com:/team/shop.git",
    "git.example.com:team/shop",
    "git://git.example.com/team/shop.git",
]
OTHERS = [
    "https://git.example.com/fork/shop.git",
    "https://git.example.com/team/shop-extra.git",
    "https://git.example.com/team/sub/shop.git",
    "https://other.example.com/team/shop.git",
    "https://git.example.com:8443/team/shop.git",
]


@pytest.mark.parametrize("text", SAME)
def test_all_forms_of_one_repository_are_the_same(text: str) -> None:
    assert parse(text).identity == "git.example.com/team/shop"
    assert parse(text).owner_and_name == "team/shop"
    assert is_address(text)


@pytest.mark.parametrize("text", OTHERS)
def test_others_are_not(text: str) -> None:
    assert parse(text).identity != "git.example.com/team/shop"


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "shop.git").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "shop.git")
    wanted = str((tmp_path / "shop.git").resolve())
    for text in (wanted, f"file://{wanted}", str(tmp_path / "link"), str(tmp_path / "x" / ".." / "shop.git")):
        assert parse(text).scheme == "path"
        assert parse(text).identity == wanted
    assert parse("../shop.git", base=tmp_path / "x").identity == wanted
    assert parse(f"{wanted}/.git").identity == wanted
    assert not is_address(wanted)
    assert not is_address(".")


def test_no_credential_is_shown() -> None:
    assert shown("https://u:p@git.example.com/a.git?x=1#y") == "https://git.example.com/a.git"
    assert shown("https://token@git.example.com/a.git") == "https://git.example.com/a.git"
    assert shown("ssh://git:p@git.example.com:2222/a.git") == "ssh://git@git.example.com:2222/a.git"
    assert shown("git@git.example.com:a.git") == "git@git.example.com:a.git"
    assert shown("/srv/a.git") == "/srv/a.git"
