"""What may happen between a session and its remote, on real sessions: nothing is lost, and what went wrong is said."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.e2e.git.conftest import as_user
from tests.e2e.git.forge import USER
from tests.support.git import repository
from toolkit.model import labels
from toolkit.workflows import session_repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.e2e.git.conftest import Secrets
    from tests.e2e.git.forge import Forge, Home
    from tests.e2e.git.inside import Inside
    from tests.support.cli import Toolkit
    from toolkit.engines.base import EngineContainer

AT_ONCE = 8
GIVEN_UP = 30.0  # seconds; seven are meant


@pytest.fixture(scope="module")
def seat(forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside]) -> Inside:
    return begin(project("troubles", forge.https))


def branch_at(forge: Forge, seat: Inside) -> str:
    return forge.refs(f"team/{seat.toolkit.cwd.name}").get(f"refs/heads/{seat.branch}", "").strip()


def test_eight_sessions_push_at_once(
    forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside]
) -> None:
    toolkit = project("many", forge.https)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        seats = list(pool.map(lambda _: begin(toolkit), range(AT_ONCE)))
        for _round in range(2):
            made = list(pool.map(lambda one: one.commit("work"), seats))
            said = list(pool.map(lambda one: one.push(one.branch, code=None), seats))
            assert [one.code for one in said] == [0] * AT_ONCE, said
            assert [branch_at(forge, one) for one in seats] == made
    assert forge.refs("team/many")["refs/heads/main"].strip() == seats[0].run("git rev-parse origin/main").text
    for one in seats:
        one.toolkit("rm", one.session, "--yes")  # all of it is at the remote: nothing to refuse


def test_the_branch_moved_at_the_remote(seat: Inside, forge: Forge, user: Home) -> None:
    seat.commit("one")
    seat.push(seat.branch)
    checkout, url = seat.toolkit.cwd, forge.https("team/troubles")
    as_user(user, checkout, "fetch", "-q", url, seat.branch)
    as_user(user, checkout, "checkout", "-q", "--detach", "FETCH_HEAD")
    as_user(user, checkout, "commit", "-q", "--allow-empty", "-m", "theirs")
    theirs = as_user(user, checkout, "rev-parse", "HEAD")
    as_user(user, checkout, "push", "-q", url, f"HEAD:{seat.branch}")
    as_user(user, checkout, "checkout", "-q", "main")
    seat.commit("two")
    assert "[rejected]" in seat.push(seat.branch, code=1).text
    assert branch_at(forge, seat) == theirs
    seat.run("git pull -q --rebase")
    seat.push(seat.branch)
    assert branch_at(forge, seat) == seat.run("git rev-parse HEAD").text
    assert seat.run('git merge-base --is-ancestor "$1" HEAD', theirs).code == 0


def test_the_remote_is_down_for_a_while(seat: Inside, forge: Forge) -> None:
    before = branch_at(forge, seat)
    made = seat.commit("meanwhile")
    with forge.down():
        said = seat.push(seat.branch, code=1).text
        assert f"toolkit: refused: {forge.https('team/troubles')} cannot be reached: " in said
        assert seat.run("git fetch origin").code == 0  # what the gateway has, it gives
        refused = seat.toolkit("rm", seat.session, "--yes", code=1)
        assert "may exist nowhere else" in refused.stderr
        assert made[:12] in refused.stderr
    assert branch_at(forge, seat) == before
    seat.push(seat.branch)
    assert branch_at(forge, seat) == made


def test_rm_asks_the_remote_itself(seat: Inside, forge: Forge) -> None:
    """Neither what the session says of the remote counts, nor what its gateway remembers."""
    made = seat.commit("precious")
    seat.push(seat.branch)
    forge.run('git -C team/troubles.git update-ref -d "refs/heads/$1"', seat.branch)
    refused = seat.toolkit("rm", seat.session, "--yes", code=1)
    assert f"{seat.branch} at {made[:12]}" in refused.stderr
    seat.run("git update-ref refs/remotes/origin/looks-pushed HEAD")
    assert "exist nowhere else" in seat.toolkit("rm", seat.session, "--yes", code=1).stderr
    seat.push("--force", seat.branch)  # it is not there any more: this makes it anew
    assert branch_at(forge, seat) == made


def test_a_credential_is_renewed_by_resume(
    seat: Inside, forge: Forge, user: Home, opens: Secrets, request: pytest.FixtureRequest
) -> None:
    made = seat.commit("with another password")

    def known(text: str) -> None:
        forge.users({USER: (text, forge.repositories()), "x-access-token": (opens.token, forge.repositories())})

    request.addfinalizer(lambda: known(opens.password))
    request.addfinalizer(lambda: user.keep(opens.password))
    known("changed")
    assert "cannot be reached: " in seat.push(seat.branch, code=1).text
    user.keep("changed")
    seat.toolkit("stop", seat.session)
    assert "not pushed" in seat.toolkit("logs", seat.session).stderr
    assert branch_at(forge, seat) != made
    seat.toolkit("resume", seat.session)
    assert branch_at(forge, seat) == made  # what waited is pushed at once


def test_who_may_no_longer_read_it_gets_nothing_of_the_mirror(
    seat: Inside, forge: Forge, user: Home, opens: Secrets, begin: Callable[..., Inside], request: pytest.FixtureRequest
) -> None:
    """Others go on filling the mirror of this remote; a session of somebody without access does not see it."""
    checkout = seat.toolkit.cwd
    as_user(user, checkout, "commit", "-q", "--allow-empty", "-m", "secret plans")
    plans = as_user(user, checkout, "rev-parse", "HEAD")
    as_user(user, checkout, "push", "-q", "origin", "HEAD:plans")
    as_user(user, checkout, "reset", "-q", "--hard", "HEAD~1")
    readable = begin(seat.toolkit).run('git cat-file -t "$1"', plans).text  # and so it is in the mirror
    everything = {USER: (opens.password, forge.repositories()), "x-access-token": (opens.token, forge.repositories())}
    request.addfinalizer(lambda: forge.users(everything))
    without = [one for one in forge.repositories() if one != "team/troubles"]
    forge.users({USER: (opens.password, without)})
    shut_out = begin(seat.toolkit)
    assert readable == "commit"
    assert shut_out.run('git cat-file -t "$1"', plans, code=None).code != 0
    assert shut_out.run("ls /opt/toolkit/mirror 2>/dev/null || true").text == ""
    assert shut_out.commit("of somebody without access")
    assert "cannot be reached" in shut_out.push(shut_out.branch, code=1).text


def test_commits_of_a_user_without_a_name(
    seat: Inside, user: Home, tmp_path: Path, begin: Callable[..., Inside]
) -> None:
    nameless = tmp_path / "gitconfig"
    nameless.write_text("")
    checkout = repository(tmp_path / "nameless")
    as_user(user, checkout, "config", "--unset", "user.name")
    as_user(user, checkout, "config", "--unset", "user.email")
    variables = {**seat.toolkit.environment, "GIT_CONFIG_GLOBAL": str(nameless), "LOGNAME": "grace"}
    toolkit = replace(seat.toolkit, cwd=checkout, environment=variables)
    said = toolkit("remote", "git commit -q --allow-empty -m work", "--env", "none", "--wait").stderr
    assert "git config --global user.name" in said
    session = toolkit.json("tasks")["sessions"][0]["id"]
    written = toolkit("exec", session, "--", "git", "log", "-1", "--format=%an <%ae>").stdout.strip()
    assert written == "grace <grace@localhost>"
    toolkit("rm", session, "--yes", "--force")


def test_submodules_and_lfs_are_named_with_what_to_do(
    forge: Forge, project: Callable[..., Toolkit], begin: Callable[..., Inside], user: Home
) -> None:
    project("library", forge.https)
    toolkit = project("composed", forge.https)
    checkout = toolkit.cwd
    as_user(user, checkout, "submodule", "add", "-q", forge.https("team/library"), "vendor/library")
    (checkout / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    (checkout / "model.bin").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    as_user(user, checkout, "add", ".")
    as_user(user, checkout, "commit", "-q", "-m", "composed")
    as_user(user, checkout, "push", "-q", "origin", "main")
    seat = begin(toolkit)
    told = seat.toolkit("logs", seat.session).stderr
    assert "not fetched, submodules vendor/library: 'git submodule update --init'" in told
    assert "not fetched, Git LFS files model.bin: " in told
    assert seat.run("git status --porcelain").text == ""


def test_a_gateway_that_has_ended_is_told_soon_and_comes_back_by_resume(seat: Inside, forge: Forge) -> None:
    seat.engine.kill_container(seat.part(labels.GIT_GATEWAY_KIND))
    began = time.monotonic()
    made = seat.commit("to nobody")
    assert "Couldn't connect" in seat.push(seat.branch, code=None).text
    assert time.monotonic() - began < GIVEN_UP
    seat.toolkit("stop", seat.session)
    assert "git gateway does not answer" in seat.toolkit("logs", seat.session).stderr
    seat.toolkit("resume", seat.session)
    assert branch_at(forge, seat) == made


STEPS = ("commit", "commit", "push", "kill", "kill_gateway", "stop", "down", "up", "come_home")


@pytest.mark.parametrize("seed", [7, 19])
def test_whatever_happens_the_commits_are_somewhere(
    seed: int,
    forge: Forge,
    project: Callable[..., Toolkit],
    begin: Callable[..., Inside],
    request: pytest.FixtureRequest,
) -> None:
    """A few of the interleavings of test_interleavings.py on the real engine, and `rm` at the end."""
    seat = begin(project(f"random-{seed}", forge.https))
    course = _Course(seat, forge)
    chance = random.Random(seed)
    request.addfinalizer(forge.start)
    for step in [*chance.choices(STEPS, k=5), "up", "stop", "resume"]:
        course.done.append(step)
        getattr(course, step)()
        assert course.tip() == (course.made or [course.base])[-1], course.done
    wanted = {course.made[-1]} if course.made else {"", course.base}
    assert branch_at(forge, seat) in wanted, course.done
    seat.toolkit("rm", seat.session, "--yes")


class _Course:
    """What happens to one session; `made`: its commits, each on top of the one before."""

    def __init__(self, seat: Inside, forge: Forge) -> None:
        self._seat, self._forge = seat, forge
        self.made: list[str] = []
        self.done: list[str] = []
        self.base = self.tip()
        self._is_deaf = False  # its git gateway is dead

    def tip(self) -> str:
        """Where the session's branch is on its disk, whether it runs or not."""
        return session_repository.look(self._seat.engine, self._container()).commit

    def commit(self) -> None:
        self._at_work()
        self.made.append(self._seat.commit("work"))

    def push(self) -> None:
        self._at_work()
        self.done.append(self._seat.push(self._seat.branch, code=None).text)

    def kill(self) -> None:
        self._at_work()
        self._seat.engine.kill_container(self._seat.container)

    def kill_gateway(self) -> None:
        self._at_work()
        self._seat.engine.kill_container(self._seat.part(labels.GIT_GATEWAY_KIND))
        self._is_deaf = True
        assert self._seat.push(self._seat.branch, code=None).code != 0

    def stop(self) -> None:
        self._at_work()
        self._seat.toolkit("stop", self._seat.session)

    def resume(self) -> None:
        self._at_work()

    def down(self) -> None:
        self._forge.stop()

    def up(self) -> None:
        self._forge.start()

    def come_home(self) -> None:
        self.done.append(self._seat.toolkit("teleport", self._seat.session, code=None).stderr)

    def _at_work(self) -> None:
        if self._is_deaf:
            self._seat.toolkit("stop", self._seat.session)
            self._is_deaf = False
        if self._container().status != "running":
            self._seat.toolkit("resume", self._seat.session)

    def _container(self) -> EngineContainer:
        found = self._seat.engine.container(self._seat.container)
        assert found
        return found
