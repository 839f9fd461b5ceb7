"""A remote of a gigabyte, of which nothing can be packed: the git gateway has no more memory for it than for others."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit

FILES = 20
FILE_BYTES = 50 << 20  # ten of them at a time, for each of two threads, are what git compares: all the memory there is


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A clone of a remote that is a folder; both are gone at once afterwards, for nobody wants to keep that much."""
    source, remote, clone = (tmp_path / name for name in ("source", "large.git", "large"))
    git(tmp_path, "init", "-q", "-b", "main", str(source))
    for number in range(FILES):
        (source / f"{number}.bin").write_bytes(os.urandom(FILE_BYTES))
    git(source, "-c", "core.compression=0", "add", ".")
    git(source, "commit", "-q", "-m", "large")
    git(tmp_path, "clone", "-q", "--bare", str(source), str(remote))
    git(tmp_path, "clone", "-q", str(remote), str(clone))
    yield clone
    for one in (source, remote, clone):
        shutil.rmtree(one)


@pytest.mark.timeout(600)
def test_a_gigabyte_of_large_files_comes_through(toolkit: Toolkit, clone: Path) -> None:
    done = replace(toolkit, cwd=clone).json("remote", "du -sm --exclude=.git .; du -sm .git", "--wait")
    session = done["session"]["id"]
    seen = toolkit("logs", session).stdout.splitlines()
    tree, history = (int(line.split()[0]) for line in seen)
    assert tree >= FILES * FILE_BYTES >> 20
    assert history < FILES * FILE_BYTES >> 25, "it borrows its objects from the mirror"
    toolkit("rm", session, "--yes", "--force")
