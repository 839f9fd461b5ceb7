"""Sessions that are put away, and taken out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.git import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Toolkit

COMMIT = "echo work > work.txt && git add work.txt && git commit -q -m work"
COMMITTED = "for i in $(seq 600); do git log --format=%s -1 | grep -qx work && exit 0; sleep 0.1; done; exit 1"


def rows(toolkit: Toolkit, *options: str) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in toolkit.json("tasks", *options)["sessions"]}


def test_an_archived_session_is_out_of_the_way_until_it_is_resumed(
    toolkit: Toolkit, checkout: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "shop.git"
    git(checkout, "clone", "-q", "--bare", str(checkout), str(bare))
    started = toolkit.json("remote", f"{COMMIT}; sleep 300", "--repo", f"file://{bare}", "--detach")
    session = started["session"]["id"]
    toolkit("exec", session, "--", "sh", "-c", COMMITTED)
    assert toolkit("archive", session[:-1]).stdout == f"{session} archived\n"
    assert git(bare, "log", "-1", "--format=%s", f"session/{session}") == "work"
    assert session not in rows(toolkit)
    assert rows(toolkit, "--all")[session]["state"] == "archived"
    assert session in rows(toolkit, "--state", "archived")
    assert session not in rows(toolkit, "--state", "stopped")
    refused = toolkit("send", session, "echo more", code=1).stderr
    assert "it is archived" in refused
    assert f"toolkit resume {session}" in refused
    assert toolkit.json("archive", session)["session"]["state"] == "archived"
    assert toolkit.json("doctor", "--fix", code=None)["checks"]
    assert session in rows(toolkit, "--state", "archived")
    assert toolkit.json("resume", session)["session"]["state"] == "idle"
    assert rows(toolkit)[session]["state"] == "idle"
    toolkit("send", session, "cat work.txt")
    toolkit("wait", session)
    assert toolkit("logs", session).stdout == "work\n"


def test_rm_removes_an_archived_session_with_all_its_parts(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", COMMIT, "--wait")["session"]["id"]
    toolkit("archive", session)
    assert toolkit.json("rm", session, "--yes", code=1)["error"]["code"] == "unpushed-commits"
    assert session in rows(toolkit, "--state", "archived")
    toolkit("rm", session, "--yes", "--force")
    assert session not in rows(toolkit, "--all")
