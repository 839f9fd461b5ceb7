"""envs/lock.yaml: what is read of it, what is wrong with it, and how a change leaves the rest alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.declare import lock
from toolkit.declare.tree import Tree
from toolkit.errors import InvalidError, NotFoundError
from toolkit.model.lock import Lock

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")
TEXT = f"""\
# ours
version: 1
bases:
  ubuntu:24.04: {ONE}   # until the move
  # the rest of the world
  debian:bookworm-slim: {TWO}
"""


def test_what_was_written_is_read() -> None:
    wanted = Lock(bases={"debian:bookworm-slim": ONE, "registry.example.com:5000/team/base:1": TWO, f"a@{ONE}": ONE})
    assert lock.parse(lock.updated("", wanted).encode()) == wanted


def test_comments_and_order_stay() -> None:
    changed = lock.updated(TEXT, Lock(bases={"debian:bookworm-slim": THREE, "ubuntu:24.04": ONE, "alpine:3": TWO}))
    assert changed == TEXT.replace(TWO, THREE) + f"  alpine:3: {TWO}\n"
    gone = lock.updated(TEXT, Lock(bases={"debian:bookworm-slim": TWO}))
    assert "ubuntu" not in gone
    assert "# until the move" in gone
    assert lock.updated(TEXT, lock.parse(TEXT.encode())) == TEXT


def test_an_empty_list_is_filled() -> None:
    assert lock.parse(lock.updated("version: 1\nbases: {}\n", Lock(bases={"a:1": ONE})).encode()).bases == {"a:1": ONE}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\n", "1:1: bases: the key 'bases' is missing"),
        ("version: 2\nbases: {}\n", "1:10: version: 2 is not 1"),
        ("version: 1\nbases:\n  a: latest\n", "3:6: bases.a: 'latest' is no digest"),
        ("version: 1\nbases: {}\nbase: {}\n", "3:1: base: 'base' is not a key"),
        (f"version: 1\nbases:\n  a: {ONE}\n  a: {ONE}\n", "4:3: bases.a: the key 'a' is given twice"),
        (f"version: 1\nbases: {{a: '{ONE}\n'}}\n", "2:12: bases.a: "),
    ],
)
def test_every_mistake_has_its_place(text: str, place: str) -> None:
    with pytest.raises(InvalidError) as refused:
        lock.parse(text.encode())
    assert str(refused.value.diagnostics[0]).startswith(f"envs/lock.yaml:{place}")


def test_it_is_no_declaration(tmp_path: Path) -> None:
    (tmp_path / "envs").mkdir()
    with pytest.raises(NotFoundError, match=r"there is no envs/lock\.yaml"):
        lock.read(tmp_path)
    (tmp_path / "envs" / "lock.yaml").write_text(TEXT)
    (tmp_path / "envs" / "one.yaml").write_text("version: 1\nname: one\n")
    assert Tree.at(tmp_path).environments() == ("envs/one.yaml",)
    assert lock.read(tmp_path).bases["ubuntu:24.04"] == ONE
