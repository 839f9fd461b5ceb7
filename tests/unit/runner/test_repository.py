"""The runner's side of the repository, against a real git gateway on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gate import BRANCH, SESSION, commit, gate
from tests.support.git import git, repository
from toolkit import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gate import RunningGate

_PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from runner import publish, repository
verb, order, folder = sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
if verb == "check-out":
    repository.check_out(order, folder, "{session}")
else:
    print(json.dumps(publish.publish(folder, order, seconds=60)._asdict()))
"""


class Session:
    """The runner's functions in a process of their own, with a system configuration of the test's own."""

    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.project = folder / "workspace" / "shop"
        self._order = order
        self._environment = {**os.environ, "GIT_CONFIG_SYSTEM": str(folder / "system")}

    def run(self, verb: str) -> subprocess.CompletedProcess[str]:
        program = textwrap.dedent(_PROGRAM).format(session=SESSION)
        argv = [sys.executable, "-c", program, str(paths.runner_source().parent), verb, json.dumps(self._order)]
        return subprocess.run(
            [*argv, str(self.project)], capture_output=True, text=True, check=False, env=self._environment, timeout=120
        )

    def check_out(self) -> None:
        done = self.run("check-out")
        assert done.returncode == 0, done.stderr

    def publish(self) -> dict[str, Any]:
        done = self.run("publish")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def git(self, *words: str) -> str:
        argv = ["git", "-C", str(self.project), *words]
        done = subprocess.run(argv, capture_output=True, text=True, check=True, env=self._environment)
        return done.stdout.strip()


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    origin = repository(tmp_path / "origin", a_txt="one\n")
    git(origin, "clone", "-q", "--bare", str(origin), str(tmp_path / "shop.git"))
    return tmp_path / "shop.git"


@pytest.fixture
def running(tmp_path: Path, remote: Path) -> Iterator[RunningGate]:
    with gate(tmp_path / "gate", upstream=str(remote), start=git(remote, "rev-parse", "main")) as found:
        yield found


def order_of(running: RunningGate, start: str, **changes: str) -> dict[str, Any]:
    return {
        "url": running.url,
        "header": running.header,
        "origin": "https://git.example.com/team/shop.git",
        "branch": BRANCH,
        "start": start,
        "uncommitted": "",
        "alternates": str(running.folder / "mirror" / "objects"),
        "author": "A. Person",
        "email": "a@example.com",
        **changes,
    }


@pytest.fixture
def session(tmp_path: Path, running: RunningGate, remote: Path) -> Session:
    made = Session(tmp_path, order_of(running, git(remote, "rev-parse", "main")))
    made.check_out()
    return made


def test_the_session_stands_on_its_branch_and_borrows_everything(session: Session, running: RunningGate) -> None:
    assert session.git("symbolic-ref", "--short", "HEAD") == BRANCH
    assert session.git("status", "--porcelain") == ""
    assert (session.project / "a.txt").read_text() == "one\n"
    counted = dict(line.split(": ") for line in session.git("count-objects", "-v").splitlines())
    assert counted["count"] == counted["in-pack"] == "0"
    assert session.git("config", "remote.origin.url") == "https://git.example.com/team/shop.git"
    assert session.git("remote", "get-url", "origin") == running.url


def test_commits_carry_the_trailer_once_and_the_identity(session: Session) -> None:
    commit(session.project, "work")
    session.git("commit", "-q", "--allow-empty", "-m", "as configured")
    session.git("commit", "-q", "--allow-empty", "--amend", "--no-edit")
    assert session.git("log", "-1", "--format=%an <%ae>") == "A. Person <a@example.com>"
    assert session.git("log", "-1", "--format=%(trailers)").count(f"Toolkit-Session: {SESSION}") == 1


@pytest.mark.parametrize("author", ['Ann "A" O\\Hara; # and more', "Ünal  Ö.", " blanks ", "[core]"])
def test_settings_are_what_they_were_whatever_is_in_them(
    tmp_path: Path, running: RunningGate, remote: Path, author: str
) -> None:
    """They are written without git, which must read the very same."""
    made = Session(tmp_path, order_of(running, git(remote, "rev-parse", "main"), author=author))
    made.check_out()
    read = subprocess.run(
        ["git", "-C", str(made.project), "config", "-z", "user.name"], capture_output=True, check=True
    ).stdout
    assert read.decode() == f"{author}\0"
    assert made.git("config", f"branch.{BRANCH}.merge") == f"refs/heads/{BRANCH}"
    assert made.git("config", f"branch.{BRANCH}.remote") == "origin"
    assert made.git("config", "remote.origin.fetch") == "+refs/heads/*:refs/remotes/origin/*"


def test_plain_git_pushes_and_fetches(session: Session, remote: Path) -> None:
    made = commit(session.project, "work")
    session.git("push", "-q")
    assert git(remote, "rev-parse", BRANCH) == made
    session.git("clone", "-q", "https://git.example.com/team/shop.git", str(session.project.parent / "again"))


def test_committed_work_is_published_and_the_rest_is_named(session: Session, remote: Path) -> None:
    assert session.publish() == {
        "pushed": "",
        "failure": "",
        "commit": git(remote, "rev-parse", "main"),
        "unpushed": [],
        "uncommitted": 0,
    }
    made = commit(session.project, "work")
    (session.project / "new.txt").write_text("x")
    found = session.publish()
    assert (found["pushed"], found["uncommitted"]) == (made, 1)
    assert git(remote, "rev-parse", BRANCH) == made
    assert session.publish()["pushed"] == ""
    session.git("checkout", "-q", "-b", "side")
    commit(session.project, "aside")
    assert session.publish()["unpushed"] == ["side"]


def test_what_cannot_be_pushed_is_told_and_pushed_later(session: Session, remote: Path) -> None:
    made = commit(session.project, "work")
    away = remote.rename(remote.with_suffix(".away"))
    found = session.publish()
    assert "cannot be reached" in found["failure"]
    assert found["unpushed"] == [BRANCH]
    away.rename(remote)
    assert session.publish()["pushed"] == made


def test_uncommitted_changes_come_along(tmp_path: Path) -> None:
    home = repository(tmp_path / "here", a_txt="one\n", b_txt="gone\n")
    (home / "a.txt").write_text("changed\n")
    (home / "b.txt").unlink()
    (home / "c.txt").write_text("staged\n")
    git(home, "add", "c.txt")
    stash = git(home, "stash", "create")
    git(home, "update-ref", "refs/toolkit/uncommitted", stash)
    (tmp_path / "gate").mkdir()
    bundle = str(tmp_path / "gate" / "carried.bundle")
    git(home, "bundle", "create", "-q", bundle, "main", "refs/toolkit/uncommitted")
    start = git(home, "rev-parse", "main")
    with gate(tmp_path / "gate", bundle="carried.bundle", start=start) as found:
        made = Session(tmp_path, order_of(found, start, uncommitted=stash, alternates="", origin=found.url))
        made.check_out()
        assert (made.project / "a.txt").read_text() == "changed\n"
        assert not (made.project / "b.txt").exists()
        assert (made.project / "c.txt").read_text() == "staged\n"
        assert made.git("rev-parse", "HEAD") == start


def test_a_gateway_without_the_commit_says_why(tmp_path: Path) -> None:
    with gate(tmp_path / "gate", upstream=str(tmp_path / "nowhere.git"), start="1" * 40) as found:
        done = Session(tmp_path, order_of(found, "1" * 40)).run("check-out")
    assert done.returncode
    assert "cannot be reached" in done.stderr


def test_locks_that_a_killed_git_left_are_forgotten(session: Session) -> None:
    folder = session.project / ".git"
    for name in ("index.lock", "HEAD.lock", f"refs/heads/{BRANCH}.lock"):
        (folder / name).write_text("")
    (folder / "objects" / "kept.lock").write_text("")
    session.check_out()
    commit(session.project, "work")
    assert (folder / "objects" / "kept.lock").exists()
