"""Sessions by the command line alone, on the real engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.git import git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Toolkit

COMMIT = "echo work > work.txt && git add work.txt && git commit -q -m work"


def start(toolkit: Toolkit, task: str, *options: str) -> str:
    return str(toolkit.json("remote", task, "--detach", *options)["session"]["id"])


def test_a_session_works_on_the_repository(toolkit: Toolkit, checkout: Path) -> None:
    document = toolkit.json("remote", f"{COMMIT} && echo $GREETING $QUOTED", "--wait")
    session = document["session"]
    assert document["exit_code"] == 0
    assert set(session) == {"id", "environment", "revision", "state", "branch", "container", "agent", "created"}
    assert session["branch"] == f"session/{session['id']}"
    assert toolkit("logs", session["id"]).stdout == "hello two words # kept\n"
    log = toolkit("exec", session["id"], "--", "git", "log", "-1", "--format=%s%n%an%n%(trailers)").stdout
    assert log.split() == ["work", "T", "Toolkit-Session:", session["id"]]
    branch = toolkit("exec", session["id"], "--", "git", "symbolic-ref", "--short", "HEAD").stdout.strip()
    assert branch == session["branch"]
    assert git(checkout, "status", "--porcelain") == ""


def test_the_branch_comes_home_by_plain_git(toolkit: Toolkit, checkout: Path) -> None:
    session = toolkit.json("remote", COMMIT, "--wait")["session"]
    helper = " ".join([*toolkit.argv("exec", session["id"]), "--", "%S", "/workspace/shop"])
    git(checkout, "-c", "protocol.ext.allow=always", "fetch", "-q", f"ext::{helper}", f"{session['branch']}:home")
    assert git(checkout, "show", "home:work.txt") == "work"


def test_a_failing_task_fails_the_call(toolkit: Toolkit) -> None:
    document = toolkit.json("remote", "echo oops >&2; exit 3", "--wait", code=1)
    assert document["exit_code"] == 3
    row = toolkit.json("tasks")["sessions"][0]
    assert (row["id"], row["state"], row["exit_code"]) == (document["session"]["id"], "failed", 3)


def test_tasks_lists_every_key(toolkit: Toolkit) -> None:
    session = start(toolkit, "true")
    toolkit("wait", session, "--timeout", "60s")
    row = next(one for one in toolkit.json("tasks", "--state", "idle")["sessions"] if one["id"] == session)
    assert row["environment"] == "default"
    assert row["task"] == "true"
    assert row["turns"] == 1
    assert row["agent"] == "shell"
    keys = "id environment revision state exit_code branch task agent repository turns created started finished"
    assert set(keys.split()) <= set(row)
    assert session in toolkit("tasks").stdout


def test_the_documented_environment_is_there_for_the_task_and_for_exec(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", "env; pwd", "--wait")["session"]["id"]
    expected = {
        "TOOLKIT_REMOTE=true",
        f"TOOLKIT_SESSION_ID={session}",
        "TOOLKIT_PROJECT_DIR=/workspace/shop",
        "CLAUDE_CODE_REMOTE=true",
        f"CLAUDE_CODE_REMOTE_SESSION_ID={session}",
        "CLAUDE_PROJECT_DIR=/workspace/shop",
        "GREETING=hello",
    }
    assert expected | {"/workspace/shop"} <= set(toolkit("logs", session).stdout.splitlines())
    assert expected | {"/workspace/shop"} <= set(
        toolkit("exec", session, "--", "sh", "-c", "env; pwd").stdout.splitlines()
    )


def test_logs_follow_to_the_end_and_speak_json(toolkit: Toolkit) -> None:
    session = start(toolkit, "for i in 1 2 3; do echo $i; sleep 0.2; done")
    follower = toolkit.start("logs", "-f", session)
    toolkit("wait", session)
    toolkit("stop", session)
    out, _ = follower.communicate(timeout=60)
    assert out == "1\n2\n3\n"
    events = [json.loads(line) for line in toolkit("logs", session, "--json").stdout.splitlines()]
    assert [one["type"] for one in events][-1] == "session-ended"
    assert all({"time", "type", "turn"} <= set(one) for one in events)


def test_exec_passes_codes_streams_and_binary_input_through(toolkit: Toolkit) -> None:
    session = start(toolkit, "true")
    done = toolkit("exec", session, "--", "sh", "-c", "cat; echo err >&2; exit 7", code=7, stdin="in\0put\n")
    assert (done.stdout, done.stderr) == ("in\0put\n", "err\n")


def test_wait_gives_up_in_time_and_says_so(toolkit: Toolkit) -> None:
    session = start(toolkit, "sleep 100")
    error = toolkit.json("wait", session, "--timeout", "1s", code=1)["error"]
    assert error["code"] == "timeout"
    assert session in error["message"]


def test_stop_keeps_the_disk_and_resume_goes_on(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", "echo kept > kept.txt", "--wait")["session"]["id"]
    assert toolkit.json("stop", session)["session"]["state"] == "stopped"
    assert "toolkit resume" in toolkit("exec", session, "--", "true", code=1).stderr
    assert toolkit.json("resume", session)["session"]["state"] == "idle"
    assert toolkit("exec", session, "--", "cat", "kept.txt").stdout == "kept\n"
    toolkit("send", session, "echo second turn")
    toolkit("wait", session)
    assert toolkit("logs", session).stdout.endswith("second turn\n")


def test_rm_asks_and_keeps_commits_that_exist_only_there(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", COMMIT, "--wait")["session"]["id"]
    assert "--yes" in toolkit("rm", session, code=1).stderr
    refused = toolkit.json("rm", session, "--yes", code=1)["error"]
    assert refused["code"] == "unpushed-commits"
    assert session in toolkit("tasks").stdout
    toolkit("rm", session, "--yes", "--force")
    assert session not in toolkit("tasks").stdout


def test_cp_both_ways(toolkit: Toolkit, tmp_path: Path) -> None:
    session = toolkit.json("remote", "mkdir -p out/deep; echo report > out/deep/report.txt", "--wait")["session"]["id"]
    toolkit("cp", f"{session}:out", str(tmp_path / "copied"))
    assert (tmp_path / "copied" / "deep" / "report.txt").read_text() == "report\n"
    (tmp_path / "note.txt").write_text("from home")
    toolkit("cp", str(tmp_path / "note.txt"), f"{session}:out/")
    toolkit("cp", str(tmp_path / "note.txt"), f"{session}:/tmp/renamed.txt")
    assert toolkit("exec", session, "--", "cat", "out/note.txt", "/tmp/renamed.txt").stdout == "from home" * 2
    missing = toolkit("cp", f"{session}:nothing", ".", code=1).stderr
    assert f"{session} has no /workspace/" in missing
    assert "begins at /workspace/" in missing
    assert "cannot write /proc/report.txt: No such file or directory" in (
        toolkit("cp", f"{session}:out/deep/report.txt", "/proc", code=1).stderr
    )


def test_cp_refuses_what_would_land_elsewhere(toolkit: Toolkit, tmp_path: Path) -> None:
    task = "mkdir out && ln -s /etc out/evil && ln -s ../../../outside out/up"
    session = toolkit.json("remote", task, "--wait")["session"]["id"]
    (tmp_path / "target").mkdir()
    toolkit("cp", f"{session}:out", str(tmp_path / "target"), code=1)
    assert not (tmp_path / "outside").exists()


def test_a_command_of_the_environments_own_is_the_agent(toolkit: Toolkit, tmp_path: Path) -> None:
    (tmp_path / "own" / "envs").mkdir(parents=True)
    text = (toolkit.root / "envs" / "default.yaml").read_text()
    (tmp_path / "own" / "envs" / "default.yaml").write_text(text + "agent: {command: [printf, '<%s>', '{task}']}\n")
    own = type(toolkit)(root=tmp_path / "own", cwd=toolkit.cwd, environment=toolkit.environment)
    session = own.json("remote", "two words; $HOME", "--wait")["session"]
    assert own("logs", session["id"]).stdout == "<two words; $HOME>"
    assert session["agent"] == "printf"


def test_another_branch_and_a_remote_address(toolkit: Toolkit, checkout: Path, tmp_path: Path) -> None:
    git(checkout, "checkout", "-q", "-b", "topic")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "topic work")
    git(checkout, "checkout", "-q", "main")
    first = toolkit.json("remote", "git log -1 --format=%s", "--branch", "topic", "--wait")["session"]["id"]
    assert toolkit("logs", first).stdout == "topic work\n"
    bare = tmp_path / "shop.git"
    git(checkout, "clone", "-q", "--bare", str(checkout), str(bare))
    second = toolkit.json("remote", "git log -1 --format=%s; pwd", "--repo", f"file://{bare}", "--wait")["session"][
        "id"
    ]
    assert toolkit("logs", second).stdout == "one\n/workspace/shop\n"


def test_a_prefix_is_enough_and_an_unknown_one_names_what_exists(toolkit: Toolkit) -> None:
    session = start(toolkit, "true")
    assert toolkit.json("wait", session[:-2])["session"]["id"] == session
    error = toolkit.json("logs", "no-such-0000", code=1)["error"]
    assert error["code"] == "not-found"
    assert session in error["hint"]


def test_an_ambiguous_prefix_names_its_candidates(toolkit: Toolkit) -> None:
    first = start(toolkit, "true")
    while (second := start(toolkit, "true"))[0] != first[0]:
        toolkit("rm", second, "--yes")
    error = toolkit.json("logs", first[0], code=1)["error"]
    assert error["code"] == "ambiguous"
    assert first in error["message"]
    assert second in error["message"]


def test_provision_builds_what_is_missing(toolkit: Toolkit, tmp_path: Path) -> None:
    (tmp_path / "own" / "envs").mkdir(parents=True)
    text = "version: 1\nname: fresh\nnetwork: {access: none}\nimage: {packages: {apt: [tree]}}\n"
    (tmp_path / "own" / "envs" / "fresh.yaml").write_text(text)
    own = type(toolkit)(root=tmp_path / "own", cwd=toolkit.cwd, environment=toolkit.environment)
    document = own.json("remote", "tree --version", "--provision", "--wait")
    assert document["exit_code"] == 0
    own("rm", document["session"]["id"], "--yes")  # an image in use would outlive the stack
    own("destroy", "--yes")
