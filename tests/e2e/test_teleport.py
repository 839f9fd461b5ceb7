"""A session's branch and transcript come home; what stands in the way is said before anything is touched."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.git import git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit

TASK = "echo two > two.txt; git add two.txt; git commit -qm 'Add two'; echo spoken"


@pytest.fixture
def remote(checkout: Path, tmp_path: Path) -> Path:
    """A bare repository that the checkout pushes to."""
    bare = tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    git(checkout, "push", "-q", "-u", "origin", "main")
    return bare


@pytest.fixture
def worked(toolkit: Toolkit, remote: Path) -> Iterator[str]:
    """A session that has committed."""
    session = str(toolkit.json("remote", TASK, "--wait")["session"]["id"])
    yield session
    toolkit("rm", session, "--yes", "--force")


def test_the_branch_is_at_the_remote_and_comes_home_with_the_transcript(
    toolkit: Toolkit, checkout: Path, remote: Path, worked: str
) -> None:
    branch = f"session/{worked}"
    assert git(remote, "log", "-1", "--format=%s", branch) == "Add two"
    assert f"Toolkit-Session: {worked}" in git(remote, "log", "-1", "--format=%b", branch)
    toolkit("teleport", worked)
    assert git(checkout, "symbolic-ref", "--short", "HEAD") == branch
    assert git(checkout, "rev-parse", "HEAD") == git(remote, "rev-parse", branch)
    assert (checkout / "two.txt").read_text() == "two\n"
    transcript = checkout / ".toolkit" / "sessions" / worked / "transcript.jsonl"
    events = [json.loads(line) for line in transcript.read_text().splitlines()]
    assert "spoken\n" in "".join(one.get("text", "") for one in events if one["type"] == "output")


def test_local_changes_stand_in_the_way_and_are_stashed_on_demand(
    toolkit: Toolkit, checkout: Path, worked: str
) -> None:
    (checkout / "readme.md").write_text("# Changed\n")
    refused = toolkit("teleport", worked, code=1)
    assert "readme.md" in refused.stderr
    assert git(checkout, "symbolic-ref", "--short", "HEAD") == "main"
    assert (checkout / "readme.md").read_text() == "# Changed\n"
    toolkit("teleport", worked, "--stash")
    assert git(checkout, "symbolic-ref", "--short", "HEAD") == f"session/{worked}"


def test_another_repository_is_refused_and_both_are_named(toolkit: Toolkit, worked: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", "-b", "main", str(other))
    git(other, "commit", "-q", "--allow-empty", "-m", "one")
    git(other, "remote", "add", "origin", "https://git.example.com/other.git")
    elsewhere = type(toolkit)(root=toolkit.root, cwd=other, environment=toolkit.environment)
    refused = elsewhere("teleport", worked, code=1)
    assert "other" in refused.stderr
    assert "remote" in refused.stderr
    assert git(other, "branch", "--list", "session/*") == ""


def test_what_changed_is_shown_without_coming_home(toolkit: Toolkit, worked: str) -> None:
    assert "two.txt" in toolkit("diff", worked).stdout
    assert "takes no pull requests" in toolkit("pr", worked, code=1).stderr  # a folder is no forge
