from __future__ import annotations

import pytest

from toolkit.git.author import author


def test_what_is_configured_counts() -> None:
    assert author(name="Ada", email="ada@example.com", account="root") == ("Ada", "ada@example.com", "")


@pytest.mark.parametrize(
    ("name", "email", "account", "wanted"),
    [
        ("", "", "ada", ("ada", "ada@localhost")),
        ("", "", "ada@example.com", ("ada@example.com", "ada@example.com")),
        ("Ada", "", "root", ("Ada", "root@localhost")),
        ("", "ada@example.com", "root", ("root", "ada@example.com")),
    ],
)
def test_a_stand_in_is_named_with_the_commands_that_end_it(
    name: str, email: str, account: str, wanted: tuple[str, str]
) -> None:
    found = author(name=name, email=email, account=account)
    assert (found.name, found.email) == wanted
    assert f"{wanted[0]} <{wanted[1]}>" in found.remark
    assert ("git config --global user.name" in found.remark) == (not name)
    assert ("git config --global user.email" in found.remark) == (not email)
