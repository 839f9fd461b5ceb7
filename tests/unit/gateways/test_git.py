"""The git gateway with real git on loopback: as a remote a bare repository, or another server with a password."""

from __future__ import annotations

import base64
import http.client
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.support.gate import BRANCH, TOKEN, commit, gate, push
from tests.support.git import git, repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gate import RunningGate


def bare_with_main(folder: Path) -> Path:
    origin = repository(folder / "origin", a_txt="one\n")
    git(origin, "clone", "-q", "--bare", str(origin), str(folder / "shop.git"))
    return folder / "shop.git"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository with `main`."""
    return bare_with_main(tmp_path)


@pytest.fixture
def running(tmp_path: Path, remote: Path) -> Iterator[RunningGate]:
    with gate(tmp_path / "gate", upstream=str(remote), start=git(remote, "rev-parse", "main")) as found:
        yield found


@pytest.fixture
def work(running: RunningGate, tmp_path: Path) -> Path:
    return running.clone(tmp_path / "work")


def refs(remote: Path) -> str:
    return git(remote, "for-each-ref", "--format=%(refname) %(objectname)")


def test_the_own_branch_arrives_at_the_remote(work: Path, remote: Path) -> None:
    made = commit(work, "two")
    assert push(work, BRANCH).returncode == 0
    assert git(remote, "rev-parse", BRANCH) == made
    later = commit(work, "three")
    assert push(work, BRANCH).returncode == 0
    assert git(remote, "rev-parse", BRANCH) == later


FORMS = {
    "main": ("HEAD:main",),
    "main by its whole name": ("HEAD:refs/heads/main",),
    "main by force": ("+HEAD:main",),
    "another session's branch": ("HEAD:refs/heads/session/other-fox-1111",),
    "a branch below the own one": ("HEAD:refs/heads/session/new/deep",),
    "a new branch": ("HEAD:refs/heads/topic",),
    "a tag": ("HEAD:refs/tags/v1",),
    "an annotated tag": ("v2",),
    "all tags along": ("--follow-tags", BRANCH),
    "deleting main": (":main",),
    "deleting main by option": ("--delete", "main"),
    "deleting the own branch": ("--delete", BRANCH),
    "notes": ("HEAD:refs/notes/commits",),
    "a review ref": ("HEAD:refs/for/main",),
    "a pull request's ref": ("HEAD:refs/pull/1/head",),
    "HEAD itself": ("HEAD:HEAD",),
    "a ref of the gateway's own": ("HEAD:refs/toolkit/head",),
    "a carried branch": ("HEAD:refs/home/main",),
    "the own branch and main": (BRANCH, "HEAD:main"),
    "the own branch and main, atomic": ("--atomic", BRANCH, "HEAD:main"),
    "everything": ("--all",),
    "a mirror": ("--mirror",),
    "a line's end of Unicode in a name": (
        f"HEAD:refs/heads/{BRANCH}\u2028{'0' * 40}\u2003{'1' * 40}\u2003refs/heads/{BRANCH}",
    ),
    "a blank of Unicode in a name": (f"HEAD:refs/heads/{BRANCH}\u00a0main",),
    "a rewritten own branch": ("--force", f"HEAD~2:refs/heads/{BRANCH}"),
    "a rewritten own branch with a lease": ("--force-with-lease", f"HEAD~2:refs/heads/{BRANCH}"),
}


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGate, Path, Path]]:
    """One gateway for all the forms: none of them may change anything."""
    folder = tmp_path_factory.mktemp("refusing")
    remote = bare_with_main(folder)
    with gate(folder / "gate", upstream=str(remote), start=git(remote, "rev-parse", "main")) as found:
        work = found.clone(folder / "work")
        commit(work, "two")
        assert push(work, BRANCH).returncode == 0
        commit(work, "three")
        git(work, "tag", "-a", "-m", "two", "v2")
        git(work, "branch", "topic")
        yield found, work, remote
        assert push(work, BRANCH).returncode == 0  # the positive control


@pytest.mark.parametrize("form", FORMS)
def test_what_is_refused_leaves_no_trace(form: str, refusing: tuple[RunningGate, Path, Path]) -> None:
    running, work, remote = refusing
    before, inside = refs(remote), refs(running.bare)
    done = push(work, *FORMS[form])
    assert done.returncode != 0, done.stderr
    assert re.search("toolkit: refused: |refusing|rejected", done.stderr), done.stderr
    assert refs(remote) == before
    assert refs(running.bare) == inside


def test_a_strange_name_is_refused_in_words(refusing: tuple[RunningGate, Path, Path]) -> None:
    done = push(refusing[1], f"HEAD:refs/heads/{BRANCH}\u2028x")
    assert f"toolkit: refused: refs/heads/{BRANCH}" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_bad_ref_is_named_and_keeps_the_good_one_from_moving(work: Path, remote: Path) -> None:
    commit(work, "two")
    done = push(work, BRANCH, "HEAD:main")
    assert "toolkit: refused: refs/heads/main: this session may push" in done.stderr
    assert BRANCH not in refs(remote)


def test_a_symbolic_ref_at_the_remote_is_not_pushed_through(work: Path, remote: Path) -> None:
    git(remote, "symbolic-ref", f"refs/heads/{BRANCH}", "refs/heads/main")
    before = refs(remote)
    commit(work, "two")
    done = push(work, BRANCH)
    assert "symbolic ref" in done.stderr
    assert refs(remote) == before


def test_a_symbolic_ref_in_the_gateway_is_not_pushed_through(work: Path, remote: Path, running: RunningGate) -> None:
    git(running.bare, "symbolic-ref", f"refs/heads/{BRANCH}", "refs/heads/main")
    before = refs(remote)
    commit(work, "two")
    push(work, BRANCH)
    assert git(remote, "rev-parse", "main") in before


def test_declared_branches_and_tags_pass(tmp_path: Path, remote: Path) -> None:
    rules = {"branches": ["session", "docs/*"], "tags": True}
    start = git(remote, "rev-parse", "main")
    with gate(tmp_path / "gate", upstream=str(remote), start=start, push=rules) as found:
        work = found.clone(tmp_path / "work")
        made = commit(work, "two")
        assert push(work, "HEAD:refs/heads/docs/a", "HEAD:refs/tags/v1", BRANCH).returncode == 0
        assert {line.split()[0] for line in refs(remote).splitlines() if made in line} == {
            "refs/heads/docs/a",
            f"refs/heads/{BRANCH}",
            "refs/tags/v1",
        }
        commit(work, "three")
        assert "tags are not moved" in push(work, "+HEAD:refs/tags/v1").stderr


def test_the_remote_moves_meanwhile(work: Path, remote: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(remote), str(other))
    upstream = commit(other, "theirs")
    git(other, "push", "-q", "origin", "HEAD:main", f"HEAD:refs/heads/{BRANCH}")
    commit(work, "mine")
    assert "fetch first" in push(work, BRANCH).stderr
    git(work, "fetch", "-q", "origin")
    assert git(work, "rev-parse", "origin/main") == upstream
    git(work, "merge", "-q", "-m", "merge", f"origin/{BRANCH}")
    assert push(work, BRANCH).returncode == 0
    assert git(remote, "rev-parse", BRANCH) == git(work, "rev-parse", "HEAD")


def test_a_refusal_of_the_remote_is_told_and_leaves_both_sides_equal(
    work: Path, remote: Path, running: RunningGate
) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho house rule 7 >&2\nexit 1\n")
    hook.chmod(0o755)
    commit(work, "two")
    done = push(work, BRANCH)
    assert done.returncode != 0
    assert "house rule 7" in done.stderr
    assert BRANCH not in refs(running.bare)
    hook.unlink()
    assert push(work, BRANCH).returncode == 0


def test_a_remote_that_is_down_fails_the_push_with_the_reason(work: Path, remote: Path, running: RunningGate) -> None:
    away = remote.rename(remote.with_suffix(".away"))
    made = commit(work, "two")
    done = push(work, BRANCH)
    assert done.returncode != 0
    assert "cannot be reached" in done.stderr
    git(work, "fetch", "-q", "origin")  # what was there before can still be read
    away.rename(remote)
    assert push(work, BRANCH).returncode == 0
    assert git(remote, "rev-parse", BRANCH) == made


def test_locks_of_programs_that_were_killed_are_forgotten(tmp_path: Path, remote: Path) -> None:
    start = git(remote, "rev-parse", "main")
    folder = tmp_path / "gate"
    with gate(folder, upstream=str(remote), start=start) as found:
        work = found.clone(tmp_path / "work")
        commit(work, "two")
        assert push(work, BRANCH).returncode == 0
    left = [folder / one for one in (f"repository.git/refs/heads/{BRANCH}.lock", "repository.git/packed-refs.lock")]
    left += [folder / one for one in ("repository.git/config.lock", "mirror/refs/heads/main.lock")]
    for one in left:
        one.parent.mkdir(parents=True, exist_ok=True)
        one.write_text("")
    other = repository(tmp_path / "other")
    git(other, "push", "-q", str(remote), "+main")
    with gate(folder, upstream=str(remote), start=start) as found:
        git(work, "remote", "set-url", "origin", found.url)
        commit(work, "three")
        done = push(work, BRANCH)
        assert done.returncode == 0, done.stderr
        git(work, "fetch", "-q", "origin")
        assert git(work, "rev-parse", "origin/main") == git(other, "rev-parse", "main")


def test_a_fetch_sees_what_was_pushed_a_moment_ago(work: Path, remote: Path, tmp_path: Path) -> None:
    git(work, "fetch", "-q", "origin")
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(remote), str(other))
    for text in ("four", "five"):
        made = commit(other, text)
        git(other, "push", "-q", "origin", "HEAD:main")
        git(work, "fetch", "-q", "origin")
        assert git(work, "rev-parse", "origin/main") == made


def test_a_branch_that_became_a_folder(work: Path, remote: Path) -> None:
    git(remote, "branch", "x", "main")
    git(work, "fetch", "-q", "origin")
    git(remote, "branch", "-D", "x")
    git(remote, "branch", "x/y", "main")
    made = commit(work, "two")
    assert push(work, BRANCH).returncode == 0
    git(work, "fetch", "-q", "--prune", "origin")
    assert git(work, "rev-parse", "origin/x/y") != made


def test_without_a_remote_pushes_stay_in_the_gateway(tmp_path: Path) -> None:
    home = repository(tmp_path / "here", a_txt="one\n")
    (tmp_path / "gate").mkdir()
    git(home, "bundle", "create", "-q", str(tmp_path / "gate" / "carried.bundle"), "main")
    start = git(home, "rev-parse", "main")
    with gate(tmp_path / "gate", bundle="carried.bundle", start=start) as found:
        work = found.clone(tmp_path / "work")
        made = commit(work, "two")
        assert push(work, BRANCH).returncode == 0
        assert git(found.bare, "rev-parse", BRANCH) == made
        assert "refused" in push(work, "HEAD:main").stderr
    with gate(tmp_path / "gate", bundle="carried.bundle", start=start) as found:  # started again on the same folder
        assert git(found.clone(tmp_path / "again"), "rev-parse", f"origin/{BRANCH}") == made


def test_unpushed_work_comes_beside_what_the_remote_has(tmp_path: Path, remote: Path) -> None:
    home = tmp_path / "home"
    git(tmp_path, "clone", "-q", str(remote), str(home))
    made = commit(home, "local")
    (tmp_path / "gate").mkdir()
    git(home, "bundle", "create", "-q", str(tmp_path / "gate" / "carried.bundle"), "main", "--not", "origin/main")
    with gate(tmp_path / "gate", upstream=str(remote), bundle="carried.bundle", start=made) as found:
        work = found.clone(tmp_path / "work")
        git(work, "fetch", "-q", "origin", "+refs/home/*:refs/remotes/home/*")
        assert git(work, "rev-parse", "home/main") == made
        git(work, "reset", "-q", "--hard", "home/main")
        assert push(work, BRANCH).returncode == 0
        assert git(remote, "rev-parse", BRANCH) == made


def test_a_session_without_its_first_commit_is_told_why(tmp_path: Path, remote: Path) -> None:
    away = str(tmp_path / "nowhere.git")
    with (
        gate(tmp_path / "gate", upstream=away, start="1" * 40) as found,
        pytest.raises(subprocess.CalledProcessError) as caught,
    ):
        found.clone(tmp_path / "work")
    assert "cannot be reached" in str(caught.value.stderr)


def test_a_remote_with_a_password(tmp_path: Path, remote: Path) -> None:
    start = git(remote, "rev-parse", "main")
    own = {"branches": ["*"], "tags": True}
    with gate(tmp_path / "server", upstream=str(remote), start=start, token="pass word/1", push=own) as server:
        helper = tmp_path / "credential"
        helper.write_text("username=u\npassword=pass word/1\n")
        config = f'[credential]\n\thelper = "!f() {{ test \\"$1\\" = get && cat {helper}; }}; f"\n'
        with gate(tmp_path / "gate", upstream=server.url, start=start, config=config) as found:
            work = found.clone(tmp_path / "work")
            made = commit(work, "two")
            assert push(work, BRANCH).returncode == 0
            assert git(remote, "rev-parse", BRANCH) == made
            helper.write_text("username=u\npassword=wrong\n")
            commit(work, "three")
            done = push(work, BRANCH)
            assert done.returncode != 0
            assert "Authentication failed" in done.stderr
            assert "wrong" not in done.stderr.replace("Something went wrong", "")


def ask(found: RunningGate, method: str, path: str, *, token: str = TOKEN, body: str = "") -> tuple[int, str]:
    header = _headers(token)
    connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=30)
    try:
        connection.request(method, path, body=body or None, headers=header)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"x:{token}".encode()).decode()} if token else {}


def test_only_the_token_opens_it(running: RunningGate) -> None:
    path = "/shop.git/info/refs?service=git-upload-pack"
    assert ask(running, "GET", path)[0] == 200
    for token in ("", "wrong", TOKEN + "x"):
        assert ask(running, "GET", path, token=token)[0] == 401
        assert ask(running, "POST", "/shop.git/git-receive-pack", token=token)[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/other.git/info/refs?service=git-upload-pack", 404, "serves shop.git alone, not other.git"),
        ("GET", "/../shop.git/info/refs?service=git-upload-pack", 404, "alone"),
        ("GET", "/shop.git/../order.json", 404, "alone"),
        ("GET", "/shop.git/info/refs", 403, "smart http only"),
        ("GET", "/shop.git/HEAD", 404, "alone"),
        ("GET", "/shop.git/objects/info/packs", 404, "alone"),
        ("POST", "/other.git/git-receive-pack", 404, "alone"),
        ("POST", "/shop.git/git-upload-archive", 404, "has no"),
        ("POST", "/shop.git/info/lfs/objects/batch", 501, "Git LFS"),
        ("PUT", "/shop.git/info/refs", 501, "Unsupported"),
    ],
)
def test_requests_for_anything_else(running: RunningGate, method: str, path: str, status: int, words: str) -> None:
    found, text = ask(running, method, path, body="{}" if method != "GET" else "")
    assert found == status
    assert words in text


def test_a_large_push_in_chunks(work: Path, remote: Path) -> None:
    (work / "large.bin").write_bytes(random.Random(7).randbytes(8 << 20))
    git(work, "config", "http.postBuffer", "65536")
    made = commit(work, "large")
    assert push(work, BRANCH).returncode == 0
    assert git(remote, "rev-parse", BRANCH) == made


def test_a_shallow_clone_can_push(running: RunningGate, remote: Path, tmp_path: Path) -> None:
    words = ("clone", "-q", "--depth", "1", "-c", f"http.extraHeader={running.header}", running.url)
    git(tmp_path, *words, str(tmp_path / "shallow"))
    made = commit(tmp_path / "shallow", "two")
    assert push(tmp_path / "shallow", f"HEAD:refs/heads/{BRANCH}").returncode == 0
    assert git(remote, "rev-parse", BRANCH) == made


def test_eight_gateways_on_one_mirror_push_at_the_same_time(tmp_path: Path, remote: Path) -> None:
    start = git(remote, "rev-parse", "main")
    mirror = tmp_path / "mirror"
    mirror.mkdir()

    def one(number: int) -> tuple[str, str]:
        branch = f"session/number-{number}"
        folder = tmp_path / f"gate-{number}"
        with gate(folder, upstream=str(remote), start=start, branch=branch, mirror=str(mirror)) as found:
            work = found.clone(tmp_path / f"work-{number}")
            for step in range(3):
                made = commit(work, f"{number}-{step}")
                done = push(work, f"HEAD:refs/heads/{branch}")
                assert done.returncode == 0, done.stderr
        return branch, made

    with ThreadPoolExecutor(8) as pool:
        for branch, made in pool.map(one, range(8)):
            assert git(remote, "rev-parse", branch) == made
    git(mirror, "fsck", "--connectivity-only")


def test_the_mirror_is_never_pruned(running: RunningGate) -> None:
    mirror = running.folder / "mirror"
    done = subprocess.run(["git", "-C", str(mirror), "prune"], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "precious" in done.stderr


def test_sessions_borrow_the_mirrors_objects(work: Path, running: RunningGate, remote: Path) -> None:
    """What the remote has lies in the mirror alone; the gateway's own repository holds what was pushed."""
    commit(work, "two")
    push(work, BRANCH)
    counted = git(running.bare, "count-objects", "-v")
    assert "in-pack: 0" in counted
    assert re.search(r"^count: [1-9]$", counted, re.MULTILINE)
