from __future__ import annotations

import pytest

from toolkit.git.addresses import parse
from toolkit.git.pull_request import page


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        (
            "git@github.com:team/shop.git",
            "https://github.com/team/shop/compare/main...session/x?expand=1&title=T+1&body=B",
        ),
        (
            "https://gitea.example.com:3000/team/shop",
            "https://gitea.example.com:3000/team/shop/compare/main...session/x?",
        ),
        ("ssh://git@git.example.com:2222/a/b/shop.git", "https://git.example.com/a/b/shop/compare/main...session/x?"),
        ("https://gitlab.com/a/b/shop.git", "https://gitlab.com/a/b/shop/-/merge_requests/new?merge_request%5Bsource"),
        (
            "git@bitbucket.org:team/shop.git",
            "https://bitbucket.org/team/shop/pull-requests/new?source=session%2Fx&dest=main",
        ),
    ],
)
def test_the_page_of_each_forge(address: str, wanted: str) -> None:
    assert page(parse(address), base="main", branch="session/x", title="T 1", body="B").startswith(wanted)


def test_without_a_base_the_forge_chooses() -> None:
    found = page(parse("https://github.com/a/b"), base="", branch="session/x", title="", body="")
    assert "/compare/session/x?" in found
