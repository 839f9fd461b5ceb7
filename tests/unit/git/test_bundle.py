from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.gate import commit
from tests.support.git import git, repository
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.git import remote_refs
from toolkit.git.bundle import HEAD, UNCOMMITTED, Carried, carry
from toolkit.git.repository import look

if TYPE_CHECKING:
    from pathlib import Path

LARGE = 1 << 30


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """With a remote that has `main`."""
    made = repository(tmp_path / "shop", a_txt="one\n")
    git(made, "clone", "-q", "--bare", str(made), str(tmp_path / "shop.git"))
    git(made, "remote", "add", "origin", str(tmp_path / "shop.git"))
    git(made, "fetch", "-q")
    return made


@pytest.fixture
def lonely(tmp_path: Path) -> Path:
    """Without a remote."""
    return repository(tmp_path / "lonely", a_txt="one\n")


def carried(folder: Path, tmp_path: Path, *, branch: str = "", limit: int = LARGE) -> Carried:
    into = tmp_path / f"carried-{random.random()}"
    into.mkdir()
    found = look(str(folder), branch=branch)
    known = remote_refs.RemoteRefs()
    if found.remote:
        known = remote_refs.ask(found.remote, folder=found.top, shown=found.address)
    return carry(found, known, into=into, limit=limit)


def unpacked(found: Carried, tmp_path: Path, *, onto: Path | None = None) -> Path:
    """A repository with what the bundle holds, as the gateway unpacks it."""
    target = tmp_path / f"unpacked-{random.random()}"
    if onto is None:
        git(tmp_path, "init", "-q", "--bare", str(target))
    else:
        git(tmp_path, "clone", "-q", "--mirror", str(onto), str(target))
    git(target, "fetch", "-q", str(found.bundle), "+refs/heads/*:refs/home/*", "+refs/toolkit/*:refs/toolkit/*")
    return target


def test_what_the_remote_has_is_not_carried(checkout: Path, tmp_path: Path) -> None:
    found = carried(checkout, tmp_path)
    assert found == Carried(commit=git(checkout, "rev-parse", "HEAD"), default="main")


def test_unpushed_commits_alone_are_carried(checkout: Path, tmp_path: Path) -> None:
    made = commit(checkout, "local")
    found = carried(checkout, tmp_path)
    assert found.commit == made
    assert found.said == ("carried from here: 1 unpushed commit of main",)
    target = unpacked(found, tmp_path, onto=tmp_path / "shop.git")
    assert git(target, "rev-parse", "refs/home/main") == made
    with pytest.raises(subprocess.CalledProcessError):  # thin: the remote's own part is not in it
        unpacked(found, tmp_path)


def test_uncommitted_changes_of_tracked_files_are_carried_and_untracked_ones_named(
    checkout: Path, tmp_path: Path
) -> None:
    (checkout / "a.txt").write_text("changed\n")
    (checkout / "new.txt").write_text("x")
    before = git(checkout, "count-objects")
    found = carried(checkout, tmp_path)
    assert found.said == ("carried from here: uncommitted changes in a.txt",)
    assert found.left == ("stays here: untracked new.txt",)
    target = unpacked(found, tmp_path, onto=tmp_path / "shop.git")
    assert git(target, "rev-parse", UNCOMMITTED) == found.uncommitted
    assert git(target, "show", f"{UNCOMMITTED}:a.txt") == "changed"
    assert git(checkout, "count-objects") == before  # the checkout is only read
    assert git(checkout, "for-each-ref", "refs/toolkit", "refs/stash") == ""


def test_without_a_remote_everything_is_carried(lonely: Path, tmp_path: Path) -> None:
    git(lonely, "branch", "side")
    made = commit(lonely, "two")
    (lonely / "a.txt").write_text("changed\n")
    found = carried(lonely, tmp_path)
    assert found.said == ("carried from here: all branches, uncommitted changes in a.txt (there is no remote)",)
    target = unpacked(found, tmp_path)
    listed = git(target, "for-each-ref", "--format=%(refname)").split()
    assert listed == ["refs/home/main", "refs/home/side", HEAD, UNCOMMITTED]
    assert git(target, "rev-parse", HEAD) == made


def test_too_large_means_the_current_branch_then_one_commit_then_a_refusal(lonely: Path, tmp_path: Path) -> None:
    noise = random.Random(1)
    git(lonely, "checkout", "-q", "-b", "side")
    (lonely / "side.bin").write_bytes(noise.randbytes(3 << 20))
    commit(lonely, "side")
    git(lonely, "checkout", "-q", "main")
    (lonely / "past.bin").write_bytes(noise.randbytes(1 << 20))
    commit(lonely, "past")
    git(lonely, "rm", "-q", "past.bin")
    (lonely / "present.bin").write_bytes(noise.randbytes(1 << 20))
    made = commit(lonely, "present")
    (lonely / "a.txt").write_text("changed\n")
    assert "all branches" in carried(lonely, tmp_path, limit=8 << 20).said[0]
    current = carried(lonely, tmp_path, limit=(2 << 20) + (1 << 19))
    assert "branch main" in current.said[0]
    assert git(unpacked(current, tmp_path), "for-each-ref", "--format=%(refname)").split() == [
        "refs/home/main",
        HEAD,
        UNCOMMITTED,
    ]
    squashed = carried(lonely, tmp_path, limit=(1 << 20) + (1 << 19))
    assert "one commit without history, since its history is too large" in squashed.said[0]
    target = unpacked(squashed, tmp_path)
    assert git(target, "rev-parse", f"{HEAD}^{{tree}}") == git(lonely, "rev-parse", f"{made}^{{tree}}")
    assert git(target, "rev-list", "--count", HEAD) == "1"
    assert git(target, "show", f"{UNCOMMITTED}:a.txt") == "changed"
    assert squashed.commit == git(target, "rev-parse", HEAD) != made
    with pytest.raises(ToolkitError, match="larger than") as caught:
        carried(lonely, tmp_path, limit=1 << 18)
    assert "push it first" in caught.value.hint


def test_a_squashed_tree_stands_on_what_the_remote_has(checkout: Path, tmp_path: Path) -> None:
    base = git(checkout, "rev-parse", "HEAD")
    noise = random.Random(2)
    (checkout / "big.bin").write_bytes(noise.randbytes(1 << 20))
    commit(checkout, "big")
    git(checkout, "rm", "-q", "big.bin")
    commit(checkout, "small")
    found = carried(checkout, tmp_path, limit=1 << 18)
    target = unpacked(found, tmp_path, onto=tmp_path / "shop.git")
    assert git(target, "rev-parse", f"{HEAD}^") == base


def test_a_detached_head_and_another_branch(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "branch", "other")
    git(checkout, "checkout", "-q", "--detach")
    made = commit(checkout, "loose")
    found = carried(checkout, tmp_path)
    assert (found.commit, found.default) == (made, "")
    assert git(unpacked(found, tmp_path, onto=tmp_path / "shop.git"), "rev-parse", HEAD) == made
    (checkout / "a.txt").write_text("changed\n")
    other = carried(checkout, tmp_path, branch="other")
    assert other.commit == git(checkout, "rev-parse", "other")
    assert other.uncommitted == ""
    assert "not of this branch" in other.left[0]


def test_a_shallow_checkout(checkout: Path, tmp_path: Path) -> None:
    commit(checkout, "two")
    git(checkout, "push", "-q", "origin", "main")
    words = ("clone", "-q", "--depth", "1", f"file://{tmp_path}/shop.git", str(tmp_path / "shallow"))
    git(tmp_path, *words)
    assert carried(tmp_path / "shallow", tmp_path).bundle is None
    made = commit(tmp_path / "shallow", "three")
    found = carried(tmp_path / "shallow", tmp_path)
    assert git(unpacked(found, tmp_path, onto=tmp_path / "shop.git"), "rev-parse", "refs/home/main") == made
    git(tmp_path / "shallow", "remote", "remove", "origin")
    alone = carried(tmp_path / "shallow", tmp_path)
    assert "the checkout is shallow" in alone.said[0]
    assert git(unpacked(alone, tmp_path), "show", f"{HEAD}:three.txt") == "three"


def test_a_worktree_is_carried_as_it_is(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    made = commit(tmp_path / "side", "aside")
    found = carried(tmp_path / "side", tmp_path)
    assert (found.commit, found.default) == (made, "side")
    assert git(unpacked(found, tmp_path, onto=tmp_path / "shop.git"), "rev-parse", "refs/home/side") == made


def test_a_remote_that_cannot_be_asked_means_to_carry_all(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.git").rename(tmp_path / "away.git")
    found = carried(checkout, tmp_path)
    assert "nothing can be had from the remote" in found.said[0]
    assert git(unpacked(found, tmp_path), "rev-parse", "refs/home/main") == found.commit


def test_an_address_alone_is_asked(checkout: Path, tmp_path: Path) -> None:
    found = carried(tmp_path / "shop.git", tmp_path)
    assert found == Carried(commit=git(checkout, "rev-parse", "HEAD"), default="main")
    with pytest.raises(NotFoundError, match="no branch 'nope'") as caught:
        carried(tmp_path / "shop.git", tmp_path, branch="nope")
    assert "main" in caught.value.hint
    gone = look(f"file://{tmp_path}/gone.git")
    with pytest.raises(ToolkitError, match="cannot clone file:"):
        carry(gone, remote_refs.ask(gone.remote, folder=None, shown=gone.address), into=tmp_path)


def test_nothing_but_reachable_objects_travels(lonely: Path, tmp_path: Path) -> None:
    (lonely / "secret.txt").write_text("hunter2")
    git(lonely, "add", ".")
    git(lonely, "commit", "-q", "-m", "oops")
    lost = git(lonely, "rev-parse", "HEAD")
    git(lonely, "reset", "-q", "--hard", "HEAD~1")
    with pytest.raises(subprocess.CalledProcessError):
        git(unpacked(carried(lonely, tmp_path), tmp_path), "cat-file", "-e", lost)
