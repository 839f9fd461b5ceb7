"""The runner as a process of its own, on a folder instead of a container."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from toolkit.paths import runner_source, schema
from toolkit.runner import inbox

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 20.0


class Runner:
    """A started runner; `events` and `state` are what a client would read."""

    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.folder = folder
        (folder / "session.json").write_text(json.dumps(order))
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(runner_source()), "run", str(self.folder)], stdout=subprocess.DEVNULL
        )

    @property
    def events(self) -> list[dict[str, Any]]:
        path = self.folder / "transcript.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def state(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"state": ""}

    def until(self, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not ready():
            assert time.monotonic() < deadline, f"not in time: {self.state} {self.events}"
            time.sleep(0.02)

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    for words in (
        ["init", "-q"],
        ["-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "one"],
    ):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    return folder


@pytest.fixture
def run(tmp_path: Path, project: Path) -> Callable[..., Runner]:
    def start(task: str, **order: Any) -> Runner:
        folder = tmp_path / "state"
        folder.mkdir(exist_ok=True)
        body = {"id": "calm-otter-0001", "project_dir": str(project), "agent": {"preset": "shell"}, "task": task}
        return Runner(folder, {**body, "idle_timeout": 60, "max_age": 600, **order})

    return start


def kinds(runner: Runner) -> list[str]:
    return [one["type"] for one in runner.events]


def output(runner: Runner, turn: int = 1) -> str:
    return "".join(one["text"] for one in runner.events if one["type"] == "output" and one["turn"] == turn)


def test_every_event_fits_the_schema(run: Callable[..., Runner]) -> None:
    runner = run("echo out; echo err >&2; exit 2")
    runner.until(lambda: runner.state["state"] == "failed")
    runner.end()
    runner.start()
    runner.until(lambda: runner.state["state"] == "idle")
    runner.end()
    contract = json.loads(schema("transcript").read_text())
    validator = Draft202012Validator(contract)
    # not of a session with a shell, without hooks and without a repository to push to
    elsewhere = {"refused", "lost", "setup-finished", "hook-finished", "agent", "pushed", "not-pushed", "not-fetched"}
    assert {one["type"] for one in runner.events} == set(contract["properties"]["type"]["enum"]) - elsewhere
    for event in runner.events:
        validator.validate(event)


def test_a_turn_is_recorded_and_the_session_idles(run: Callable[..., Runner]) -> None:
    runner = run("pwd; echo $0; printf 'no newline'")
    runner.until(lambda: runner.state["state"] == "idle")
    assert output(runner).splitlines()[-1] == "no newline"
    assert runner.state["exit_code"] == 0
    assert runner.state["turns"] == 1
    assert runner.end() == 0
    assert kinds(runner)[0] == "session-started"
    assert kinds(runner)[-1] == "session-ended"
    assert runner.state["state"] == "stopped"


def test_output_alone_means_that_its_turn_runs(run: Callable[..., Runner], project: Path) -> None:
    """Clients read where a session stands from its last event."""
    runner = run("echo now; (until [ -e go ]; do sleep 0.05; done; echo later) & true")
    runner.until(lambda: runner.state["state"] == "idle")
    (project / "go").touch()
    runner.until(lambda: output(runner) == "now\nlater\n")
    now, later = [one for one in runner.events if one["type"] == "output"]
    assert now.get("status", {"state": "running"})["state"] == "running"
    assert (later["status"]["state"], later["status"]["turns"]) == ("idle", 1)
    runner.end()


def test_a_failed_turn_shows_and_the_next_one_clears_it(run: Callable[..., Runner]) -> None:
    runner = run("exit 3")
    runner.until(lambda: runner.state["state"] == "failed")
    assert runner.state["exit_code"] == 3
    subprocess.run([sys.executable, "-I", str(runner_source()), "send", str(runner.folder), "echo again"], check=True)
    runner.until(lambda: runner.state["turns"] == 2 and runner.state["state"] == "idle")
    assert output(runner, 2) == "again\n"
    runner.end()


def test_there_is_no_rest_while_turns_wait(run: Callable[..., Runner], project: Path) -> None:
    runner = run("until [ -e go ]; do sleep 0.05; done; exit 3")
    runner.until(lambda: runner.state["state"] == "running")
    for code in (4, 0):
        inbox.put(runner.folder, f"exit {code}")
    (project / "go").touch()
    runner.until(lambda: runner.state["state"] == "idle")
    runner.end()
    ends = [one for one in runner.events if one["type"] == "turn-finished"]
    assert [one["exit_code"] for one in ends] == [3, 4, 0]
    assert [one["status"]["state"] for one in ends] == ["running", "running", "idle"]


def test_idle_for_too_long_ends_it_with_the_last_turns_verdict(run: Callable[..., Runner]) -> None:
    runner = run("true", idle_timeout=0.3)
    assert runner.process.wait(SECONDS) == 0
    assert (runner.state["state"], runner.state["reason"]) == ("completed", "idle for too long")


def test_maximum_age_ends_a_working_turn(run: Callable[..., Runner]) -> None:
    runner = run("sleep 600", max_age=0.8)
    assert runner.process.wait(SECONDS) == 0
    assert runner.state["state"] == "expired"
    assert runner.state["exit_code"] == 128 + signal.SIGTERM


def test_stop_ends_the_whole_process_group(run: Callable[..., Runner], tmp_path: Path) -> None:
    runner = run(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    runner.until(lambda: (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip() != "")
    assert runner.end() == 0
    child = int((tmp_path / "child").read_text())
    runner.until(lambda: not _alive(child))
    assert runner.state["state"] == "stopped"


def test_resume_goes_on_without_a_second_checkout(run: Callable[..., Runner], project: Path) -> None:
    runner = run("echo work > work.txt; git add work.txt")
    runner.until(lambda: runner.state["state"] == "idle")
    runner.end()
    runner.start()
    runner.until(lambda: runner.state["state"] == "idle")
    assert (project / "work.txt").read_text() == "work\n"
    assert runner.state["turns"] == 1
    assert [one["source"] for one in runner.events if one["type"] == "session-started"] == ["startup", "resume"]
    runner.end()


def test_an_environments_own_command_gets_the_task_as_one_word(run: Callable[..., Runner]) -> None:
    runner = run("two words; $HOME", agent={"preset": "", "command": ["printf", "<%s>", "{task}"], "next": []})
    runner.until(lambda: runner.state["state"] == "idle")
    assert output(runner) == "<two words; $HOME>"
    runner.end()


def test_an_agent_that_does_not_exist_fails_the_turn(run: Callable[..., Runner]) -> None:
    runner = run("x", agent={"preset": "", "command": ["no-such-agent"], "next": []})
    runner.until(lambda: runner.state["state"] == "failed")
    assert runner.state["exit_code"] == 127
    assert "no-such-agent" in output(runner)
    runner.end()


def test_hostile_bytes_stay_one_event_a_line(run: Callable[..., Runner]) -> None:
    runner = run(r"printf '\xff\xfe\x00\x1b[2J{\"type\":\"forged\"}\n\xe2\x80\xa8'")
    runner.until(lambda: runner.state["state"] == "idle")
    assert "forged" not in kinds(runner)
    assert '"type":"forged"' in output(runner)
    runner.end()


def test_an_address_that_answers_fails_the_session_before_any_task(run: Callable[..., Runner], tmp_path: Path) -> None:
    runner = run(f"touch {tmp_path}/ran", must_not_answer=["127.0.0.1"])
    assert runner.process.wait(SECONDS) == 1
    assert runner.state["state"] == "failed"
    assert "127.0.0.1 answers" in runner.state["reason"]
    assert not (tmp_path / "ran").exists()


def test_a_background_process_does_not_hold_the_turn(run: Callable[..., Runner]) -> None:
    runner = run("sleep 5 & echo done")
    runner.until(lambda: "turn-finished" in kinds(runner))
    assert runner.events[-1]["seconds"] < 4
    runner.end()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # an orphan may wait for a reaper
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
