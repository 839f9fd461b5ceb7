from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.git.addresses import parse
from toolkit.git.homecoming_checks import Here, There, obstacles, remote_for

URL = "https://git.example.com/team/shop.git"
HERE = Here(
    top="/home/me/shop",
    changed=(),
    remotes={"origin": [parse("git@git.example.com:team/shop.git")]},
    folders=["/home/me/shop"],
    account="me",
)
THERE = There(
    session="calm-otter-3f9a",
    repository=URL,
    address=parse(URL),
    account="me",
    branch="session/calm-otter-3f9a",
    base="b" * 40,
    commit="c" * 40,
    pushed="c" * 40,
    uncommitted=0,
)


def rules(here: Here, there: There, *, stash: bool = False, same: bool = False) -> list[str]:
    return [one.rule for one in obstacles(here, there, stash=stash, same_repository=same)]


def only(here: Here, there: There) -> str:
    found = obstacles(here, there, stash=False, same_repository=False)
    assert len(found) == 1
    return found[0].message


def test_ssh_and_https_are_one_repository() -> None:
    assert rules(HERE, THERE) == []
    assert remote_for(HERE, THERE) == "origin"


def test_everything_is_reported_together() -> None:
    here = replace(HERE, changed=("a.txt",), remotes={}, account="other")
    there = replace(THERE, pushed="", uncommitted=2)
    assert rules(here, there) == ["clean", "repository", "uncommitted", "branch", "account"]


def test_a_dirty_tree_names_its_files_and_offers_to_stash() -> None:
    here = replace(HERE, changed=("a.txt", "new.txt"))
    assert "a.txt, new.txt" in only(here, THERE)
    assert rules(here, THERE, stash=True) == []


def test_a_fork_is_named_as_one() -> None:
    here = replace(HERE, remotes={"origin": [parse("git@git.example.com:me/shop.git")]})
    message = only(here, THERE)
    assert "team/shop" in message
    assert "me/shop: a fork of it" in message
    both = replace(here, remotes={**here.remotes, "upstream": [parse(URL)]})
    assert rules(both, THERE) == []
    assert remote_for(both, THERE) == "upstream"


def test_another_repository_names_both() -> None:
    here = replace(HERE, remotes={"origin": [parse("https://git.example.com/team/blog.git")]})
    message = only(here, THERE)
    assert URL in message
    assert "https://git.example.com/team/blog.git" in message
    assert "fork" not in message


def test_a_host_of_another_name_is_asked_about() -> None:
    here = replace(HERE, remotes={"origin": [parse("git@work:team/shop.git")]})
    found = obstacles(here, THERE, stash=False, same_repository=False)
    assert [one.offer for one in found] == ["same-repository"]
    assert rules(here, THERE, same=True) == []
    assert remote_for(here, THERE, trusted=True) == "origin"
    resolved = replace(
        HERE, remotes={"origin": [parse("git@work:team/shop.git"), parse("git@git.example.com:team/shop")]}
    )
    assert rules(resolved, THERE) == []


def test_without_a_remote_the_folder_counts() -> None:
    there = replace(THERE, repository="/home/me/shop", address=None)
    assert rules(replace(HERE, remotes={}), there) == []
    assert "/home/me/shop" in only(replace(HERE, top="/x", folders=["/x"], remotes={}), there)


@pytest.mark.parametrize(
    ("pushed", "running", "hint"),
    [
        ("", True, "toolkit exec calm-otter-3f9a -- git push origin session/calm-otter-3f9a"),
        ("d" * 40, True, "toolkit exec"),
        ("", False, "toolkit resume calm-otter-3f9a"),
    ],
)
def test_what_is_not_pushed_is_told_with_the_way_out(pushed: str, running: bool, hint: str) -> None:
    there = replace(THERE, pushed=pushed, unpushed=("abc one", "def two"), is_running=running)
    found = obstacles(HERE, there, stash=False, same_repository=False)
    assert [one.rule for one in found] == ["branch"]
    assert "abc one; def two" in found[0].message
    assert hint in found[0].hint


def test_a_session_that_committed_nothing_may_come_home() -> None:
    assert rules(HERE, replace(THERE, commit=THERE.base, pushed="")) == []


def test_uncommitted_work_is_offered_as_a_commit_while_it_runs() -> None:
    found = obstacles(HERE, replace(THERE, uncommitted=1), stash=False, same_repository=False)
    assert [(one.rule, one.offer) for one in found] == [("uncommitted", "commit")]
    assert rules(HERE, replace(THERE, uncommitted=None)) == []


def test_both_accounts_are_named() -> None:
    message = only(replace(HERE, account="alice"), THERE)
    assert "alice" in message
    assert "me" in message
    assert rules(replace(HERE, account="alice"), replace(THERE, account="")) == []
