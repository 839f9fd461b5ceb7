"""Coming home and back again: whatever interrupts it, the checkout is as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.gate import commit
from tests.support.git import git, repository
from toolkit.errors import ToolkitError
from toolkit.git import homecoming

BRANCH = "session/calm-otter-3f9a"
ME = "me"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """On `main`, with a remote-tracking branch of the session two commits ahead."""
    made = repository(tmp_path / "shop", a_txt="one\n", b_txt="one\n")
    (made / ".gitignore").write_text("*.log\n")
    commit(made, "ignore")
    git(made, "checkout", "-q", "-b", "work")
    (made / "a.txt").write_text("theirs\n")
    (made / "deep").mkdir()
    (made / "deep" / "new.txt").write_text("new\n")
    commit(made, "theirs")
    git(made, "rm", "-q", "b.txt")
    commit(made, "gone")
    git(made, "update-ref", f"refs/remotes/origin/{BRANCH}", "work")
    git(made, "remote", "add", "origin", "https://git.example.com/team/shop.git")
    git(made, "checkout", "-q", "main")
    git(made, "branch", "-D", "work")
    return made


def target(checkout: Path) -> str:
    return git(checkout, "rev-parse", f"refs/remotes/origin/{BRANCH}")


def state(checkout: Path) -> dict[str, object]:
    """Everything that may not change."""
    files = {
        str(one.relative_to(checkout)): one.read_bytes()
        for one in checkout.rglob("*")
        if one.is_file() and ".git" not in one.parts
    }
    return {
        "files": files,
        "head": (checkout / ".git" / "HEAD").read_text(),
        "refs": git(checkout, "for-each-ref"),
        "status": git(checkout, "status", "--porcelain=v2", "--untracked-files=all"),
        "stash": git(checkout, "stash", "list"),
        "config": (checkout / ".git" / "config").read_text().replace("\n", ""),
        "locks": sorted(str(one) for one in (checkout / ".git").glob("*.lock")),
        "journal": (checkout / ".git" / "toolkit-teleport.json").exists(),
    }


def come(checkout: Path, *, stash: str = "", upstream: str = f"origin/{BRANCH}") -> str:
    with homecoming.checked_out(
        checkout, BRANCH, target(checkout), upstream=upstream, stash=stash, owner=ME
    ) as arrival:
        pass
    return arrival.stashed


def test_the_branch_is_checked_out_with_its_upstream(checkout: Path) -> None:
    assert come(checkout) == ""
    assert git(checkout, "status", "-sb") == f"## {BRANCH}...origin/{BRANCH}"
    assert (checkout / "deep" / "new.txt").exists()
    assert not (checkout / ".git" / "toolkit-teleport.json").exists()


def dirty(checkout: Path) -> None:
    (checkout / "untracked.txt").write_text("mine\n")
    (checkout / "staged.txt").write_text("staged\n")
    git(checkout, "add", "staged.txt")
    (checkout / "debug.log").write_text("ignored\n")


def test_uncommitted_work_comes_along(checkout: Path) -> None:
    dirty(checkout)
    assert come(checkout, stash="toolkit teleport x") == ""
    assert git(checkout, "status", "--porcelain") == "A  staged.txt\n?? untracked.txt"
    assert git(checkout, "stash", "list") == ""


def test_work_that_does_not_fit_stays_stashed_and_is_told(checkout: Path) -> None:
    dirty(checkout)
    (checkout / "a.txt").write_text("mine\n")
    told = come(checkout, stash="toolkit teleport x")
    assert "git stash apply" in told
    assert git(checkout, "status", "--porcelain") == ""
    assert (checkout / "a.txt").read_text() == "theirs\n"
    git(checkout, "checkout", "-q", "main")
    git(checkout, "stash", "pop", "-q", "--index")
    assert (checkout / "a.txt").read_text() == "mine\n"


def interrupt(checkout: Path, *, stash: str, upstream: str) -> str:
    """A homecoming that ends by Ctrl-C when everything is checked out; returns its journal."""
    journal = ""

    def arrive() -> None:
        nonlocal journal
        with homecoming.checked_out(checkout, BRANCH, target(checkout), upstream=upstream, stash=stash, owner="gone"):
            assert git(checkout, "rev-parse", "HEAD") == target(checkout)
            journal = (checkout / ".git" / "toolkit-teleport.json").read_text()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrive()
    return journal


@pytest.mark.parametrize("head", ["main", "detached", "session"])
@pytest.mark.parametrize("with_work", [False, True])
def test_a_failure_after_the_checkout_undoes_it(checkout: Path, head: str, with_work: bool) -> None:
    if head == "detached":
        git(checkout, "checkout", "-q", "--detach")
    if head == "session":
        git(checkout, "checkout", "-q", "-b", BRANCH)
    if with_work:
        dirty(checkout)
        (checkout / "a.txt").write_text("mine\n")
    before = state(checkout)
    interrupt(checkout, stash="n" if with_work else "", upstream=f"origin/{BRANCH}")
    after = state(checkout)
    if head == "session":  # its upstream is set, which was asked for and harms nobody
        before.pop("config")
        after.pop("config")
    assert after == before


def test_a_branch_that_is_behind_is_forwarded_and_one_that_differs_is_not(checkout: Path) -> None:
    git(checkout, "branch", BRANCH, "main")
    assert homecoming.look_for_obstacles(checkout, BRANCH, target(checkout)) == ""
    come(checkout)
    git(checkout, "checkout", "-q", "main")
    git(checkout, "branch", "-q", "-f", BRANCH, "main")
    git(checkout, "checkout", "-q", BRANCH)
    come(checkout)
    assert git(checkout, "rev-parse", "HEAD") == target(checkout)
    commit(checkout, "mine")
    assert "has commits that the session's does not" in homecoming.look_for_obstacles(
        checkout, BRANCH, target(checkout)
    )


def test_a_branch_of_another_worktree_is_named(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", "-b", BRANCH, str(tmp_path / "side"))
    assert str(tmp_path / "side") in homecoming.look_for_obstacles(checkout, BRANCH, target(checkout))
    assert homecoming.look_for_obstacles(tmp_path / "side", BRANCH, target(checkout)) == ""
    come(tmp_path / "side")
    assert git(tmp_path / "side", "rev-parse", "HEAD") == target(checkout)
    assert git(checkout, "symbolic-ref", "--short", "HEAD") == "main"


def test_an_ignored_file_in_the_way_is_not_overwritten(checkout: Path) -> None:
    (checkout / ".git" / "info" / "exclude").write_text("deep/\n")
    (checkout / "deep").mkdir()
    (checkout / "deep" / "new.txt").write_text("precious\n")
    assert "deep/new.txt" in homecoming.look_for_obstacles(checkout, BRANCH, target(checkout))


_CHILD = """
import sys
from pathlib import Path
from toolkit.git import asking, homecoming
top, branch, target, stash, count, phase = sys.argv[1:]
calls = 0
real = asking.git
def counted(*words, **how):
    global calls
    calls += 1
    if calls == int(count) and phase == "before":
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    done = real(*words, **how)
    if calls == int(count) and phase == "after":
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    return done
asking.git = counted
with homecoming.checked_out(Path(top), branch, target, upstream="origin/" + branch, stash=stash, owner="gone"):
    pass
print(calls)
"""


def killed_at(checkout: Path, stash: str, count: int, phase: str) -> int:
    """A homecoming in a process that kills itself around its n-th call of git; its exit code."""
    argv = [sys.executable, "-c", textwrap.dedent(_CHILD), str(checkout), BRANCH, target(checkout)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(
        [*argv, stash, str(count), phase], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("with_work", [False, True])
def test_a_kill_at_any_step_is_undone_by_the_next_one(
    tmp_path: Path, checkout: Path, phase: str, with_work: bool
) -> None:
    if with_work:
        dirty(checkout)
        (checkout / ".gitignore").write_text("*.log\n*.tmp\n")
    else:
        (checkout / "debug.log").write_text("ignored\n")
    before = state(checkout)
    finished = 0
    for count in range(1, 60):
        folder = tmp_path / f"at-{count}"
        subprocess.run(["cp", "-a", str(checkout), str(folder)], check=True)
        code = killed_at(folder, "n" if with_work else "", count, phase)
        if code == 0:
            finished = count
            break
        undone = homecoming.recover(folder, is_gone=lambda owner: owner == "gone")
        after = state(folder)
        if undone or git(folder, "rev-parse", "HEAD") != target(folder):
            assert after == before, f"killed {phase} call {count}"
        elif with_work:  # all was done; only the stash's own entry may be left
            assert (folder / "untracked.txt").read_text() == "mine\n"
            assert git(folder, "show", ":staged.txt") == "staged"
    assert finished > 5


def test_a_git_that_dies_in_the_middle_of_a_checkout_is_undone(checkout: Path) -> None:
    """What a killed `git checkout` leaves: a lock, some files of the new branch, and HEAD where it was."""
    dirty(checkout)
    before = state(checkout)
    journal = interrupt(checkout, stash="n", upstream="")
    assert state(checkout) == before
    git(checkout, "stash", "push", "-q", "--include-untracked", "-m", "n")
    (checkout / ".git" / "toolkit-teleport.json").write_text(journal.replace('"moving": false', '"moving": true'))
    (checkout / ".git" / "index.lock").write_text("")
    (checkout / "deep").mkdir()
    (checkout / "deep" / "new.txt").write_text("half a fi")
    (checkout / "b.txt").unlink()
    assert homecoming.recover(checkout, is_gone=lambda _owner: True)
    assert state(checkout) == before


def test_one_at_a_time(checkout: Path) -> None:
    with (
        homecoming.checked_out(checkout, BRANCH, target(checkout), upstream="", stash="", owner=ME),
        pytest.raises(ToolkitError, match="another teleport is at work"),
    ):
        homecoming.recover(checkout, is_gone=lambda _owner: False)
