"""What a session does with its commits when it comes to rest, against a bare repository in the gateway's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.gate import BRANCH, commit
from tests.support.git import git, repository
from toolkit.runner.publish import Published, publish, tell

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "gateway.git")
    return tmp_path / "gateway.git"


@pytest.fixture
def project(tmp_path: Path, gateway: Path) -> Path:
    """A checkout on the session's branch, which begins at main and has nothing of its own yet."""
    project = repository(tmp_path / "shop", a_txt="one\n")
    git(project, "remote", "add", "origin", str(gateway))
    git(project, "push", "-q", "origin", "main")
    git(project, "checkout", "-q", "-b", BRANCH)
    return project


def published(project: Path, *, seconds: float = 60.0) -> Published:
    order = {"branch": BRANCH, "start": git(project, "rev-parse", "main")}
    return publish(str(project), order, seconds=seconds)


def hook(gateway: Path, script: str) -> None:
    path = gateway / "hooks" / "pre-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_branch_without_commits_of_its_own_stays_here(project: Path, gateway: Path) -> None:
    found = published(project)
    assert (found.pushed, found.failure, found.unpushed) == ("", "", ())
    assert git(gateway, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_commits_go_out_once(project: Path, gateway: Path) -> None:
    made = commit(project, "two")
    found = published(project)
    assert (found.pushed, found.commit, found.failure, found.unpushed) == (made, made, "", ())
    assert git(gateway, "rev-parse", BRANCH) == made
    assert published(project).pushed == ""


def test_other_branches_are_named_and_stay(project: Path, gateway: Path) -> None:
    for number in range(12):
        git(project, "checkout", "-q", "-b", f"side-{number:02}", "main")
        commit(project, f"side-{number}")
    found = published(project)
    assert len(found.unpushed) == 12
    assert found.fields()["unpushed"] == [f"side-{number:02}" for number in range(10)]
    assert git(gateway, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_changed_and_untracked_files_are_counted(project: Path) -> None:
    (project / "a.txt").write_text("changed\n")
    (project / "new.txt").write_text("new\n")
    assert published(project).fields()["uncommitted"] == 2


def test_a_refusal_is_told_in_the_gateways_words(project: Path, gateway: Path) -> None:
    commit(project, "two")
    hook(gateway, "echo 'toolkit: refused: refs/heads/x: not today' >&2; echo 'toolkit: nothing was taken' >&2; exit 1")
    found = published(project)
    assert (found.pushed, found.failure) == ("", "refs/heads/x: not today")
    assert found.unpushed == (BRANCH,)


def test_a_gateway_that_is_gone_is_told_and_tried_again(project: Path, gateway: Path) -> None:
    made = commit(project, "two")
    away = gateway.rename(gateway.with_name("away.git"))
    found = published(project)
    assert "does not appear to be a git repository" in found.failure
    assert found.commit == made
    away.rename(gateway)
    assert published(project).pushed == made


def test_it_does_not_wait_for_ever(project: Path, gateway: Path) -> None:
    commit(project, "two")
    hook(gateway, "exec sleep 30")
    assert published(project, seconds=0.5).failure == "the push did not end within 0.5 s"


def test_a_hook_of_the_repository_does_not_stand_in_the_way(project: Path, gateway: Path) -> None:
    """This is a rescue, not a review."""
    made = commit(project, "two")
    (project / ".git" / "hooks").mkdir(exist_ok=True)
    (project / ".git" / "hooks" / "pre-push").write_text("#!/bin/sh\nexit 1\n")
    (project / ".git" / "hooks" / "pre-push").chmod(0o755)
    assert published(project).pushed == made
    assert git(gateway, "rev-parse", BRANCH) == made


@pytest.mark.parametrize(
    ("found", "events"),
    [
        (Published(pushed="c1", commit="c1"), [("pushed", {"commit": "c1"})]),
        (Published(failure="down", commit="c1"), [("not-pushed", {"commit": "c1", "reason": "down"})]),
        (Published(commit="c1"), []),
    ],
)
def test_the_transcript_says_what_happened(found: Published, events: list[tuple[str, dict[str, object]]]) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    tell(found, lambda kind, **fields: said.append((kind, fields)))
    assert said == events


def test_a_gateway_that_is_gone_is_told_with_what_to_do(project: Path) -> None:
    git(project, "remote", "set-url", "origin", "http://127.0.0.1:9/shop.git")
    made = commit(project, "two")
    found = published(project)
    assert (found.pushed, found.commit) == ("", made)
    assert found.failure == (
        "the session's git gateway does not answer; stopping and resuming the session starts it again"
    )
