"""How each agent is called. That the presets' programs understand it is for tests/e2e/test_agents.py to prove."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tomllib
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.runner.test_life import Runner
from toolkit.paths import runner_source
from toolkit.runner import agents
from toolkit.runner.agents import Asked, preceded
from toolkit.sessions import histories

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 128 * 1024 - 1  # execve(2): MAX_ARG_STRLEN


class Conversation:
    """A preset in a project folder, with a memory of its id like the state file's."""

    def __init__(self, preset: str, folder: Path, known: str = "") -> None:
        self.folder, self.ids = folder, [known] if known else []
        self.environment = {"CLAUDE_CONFIG_DIR": str(folder / "claude"), "CODEX_HOME": str(folder / "codex")}
        self.agent = agents.agent_of({"preset": preset}, str(folder), remembered=known, remember=self.ids.append)

    def argv(self, task: str, **more: Any) -> list[str]:
        return self.agent.argv(Asked(task, environment={**self.environment, **more.pop("variables", {})}, **more))

    def keep_history(self) -> None:
        """As the program does, in a place that its variables name."""
        project = self.folder / "claude" / "projects" / agents.munged(str(self.folder.resolve()))
        rollouts = self.folder / "codex" / "sessions" / "2026" / "11" / "25"
        for folder, name in ((project, f"{self.ids[-1]}.jsonl"), (rollouts, f"rollout-now-{self.ids[-1]}.jsonl")):
            folder.mkdir(parents=True)
            (folder / name).write_text("{}\n")


@pytest.fixture
def claude(tmp_path: Path) -> Conversation:
    return Conversation("claude", tmp_path)


@pytest.fixture
def codex(tmp_path: Path) -> Conversation:
    return Conversation("codex", tmp_path, known="0b3c5a7e-1111-4222-8333-444455556666")


def settings(argv: list[str]) -> dict[str, Any]:
    """What codex reads from its `-c KEY=VALUE`."""
    pairs = [after.partition("=") for word, after in itertools.pairwise(argv) if word == "-c"]
    return {key: tomllib.loads(f"x = {value}")["x"] for key, _, value in pairs}


def test_a_shell_gets_the_text_as_its_command() -> None:
    agent = agents.agent_of({"preset": "shell"}, "/p", remembered="", remember=lambda _: None)
    assert agent.argv(Asked("ls; pwd", context="told", news=True)) == ["bash", "-lc", "ls; pwd"]
    assert (agent.typed, agent.runs_hooks, agent.stream(), agent.model_address({})) == (True, False, None, "")


@pytest.mark.parametrize(
    ("first", "following", "argv"),
    [
        (True, ["go-on"], ["begin", "<two words>"]),
        (False, ["go-on"], ["go-on"]),
        (False, [], ["begin", "<two words>"]),
    ],
)
def test_a_command_of_ones_own_may_go_on_in_another_way(first: bool, following: list[str], argv: list[str]) -> None:
    declared = {"preset": "", "command": ["begin", "<{task}>"], "next": following}
    agent = agents.agent_of(declared, "/p", remembered="", remember=lambda _: None)
    assert agent.argv(Asked("two words", first=first)) == argv


def test_claude_begins_a_conversation_under_an_id_that_is_kept_before_it_runs(claude: Conversation) -> None:
    argv = claude.argv("-do it", context="told")
    assert str(uuid.UUID(claude.ids[0])) == claude.ids[0]
    assert argv[argv.index("--session-id") + 1] == claude.ids[0]
    assert argv[argv.index("--append-system-prompt") + 1] == "told"
    assert argv[-2:] == ["--", "-do it"]
    assert "--dangerously-skip-permissions" in argv


def test_claude_begins_anew_under_the_same_id_until_there_is_a_history(claude: Conversation) -> None:
    claude.argv("one")
    again = claude.argv("two", first=False)
    assert again[again.index("--session-id") + 1] == claude.ids[0]
    claude.keep_history()
    argv = claude.argv("three", first=False)
    assert argv[argv.index("--resume") + 1] == claude.ids[0]
    assert "--session-id" not in argv
    assert len(claude.ids) == 1


def test_codex_goes_on_where_there_is_a_history(codex: Conversation) -> None:
    assert "resume" not in codex.argv("two", first=False)
    codex.keep_history()
    assert codex.argv("two", first=False)[-4:] == ["resume", codex.ids[0], "--", "two"]


@pytest.mark.parametrize("preset", ["claude", "codex"])
def test_what_hooks_say_later_is_part_of_a_message(tmp_path: Path, preset: str) -> None:
    conversation = Conversation(preset, tmp_path, known=str(uuid.uuid4()))
    assert conversation.argv("go", context="told", news=True)[-1] == "go"  # a conversation begins with it
    conversation.keep_history()
    assert conversation.argv("go", context="told")[-1] == "go"
    later = conversation.argv("go", context="told", news=True)[-1]
    assert later == "<session-start-hook>\ntold\n</session-start-hook>\n\ngo"


@pytest.mark.parametrize("preset", ["claude", "codex"])
@pytest.mark.parametrize("letter", ["x", "ü", '"', "\n", "\x01"])
def test_no_word_is_longer_than_the_system_takes(tmp_path: Path, preset: str, letter: str) -> None:
    conversation = Conversation(preset, tmp_path, known=str(uuid.uuid4()))
    words = conversation.argv("t" * 100_000, context=letter * 200_000, news=True)
    conversation.keep_history()
    words += conversation.argv("t" * 100_000, context=letter * 200_000, news=True)
    assert max(len(one.encode()) for one in words) <= LONGEST
    assert any(letter * 100 in one for one in words) or settings(words)["developer_instructions"].startswith(letter)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_codex_reads_its_instructions_as_they_were_said(text: str) -> None:
    agent = agents.agent_of({"preset": "codex"}, "/p", remembered="", remember=lambda _: None)
    found = settings(agent.argv(Asked("x", context=text)))
    assert found.get("developer_instructions", "") == text


def test_codex_is_told_of_a_model_elsewhere_and_of_its_key(codex: Conversation) -> None:
    variables = {"OPENAI_BASE_URL": "https://model.example.net/v1", "OPENAI_API_KEY": "k"}
    assert settings(codex.argv("x", variables=variables))["openai_base_url"] == "https://model.example.net/v1"
    assert "openai_base_url" not in settings(codex.argv("x"))
    assert codex.agent.variables(variables) == {"CODEX_API_KEY": "k"}
    assert codex.agent.variables({**variables, "CODEX_API_KEY": "own"}) == {}
    assert codex.agent.model_address(variables) == "https://model.example.net/v1"
    assert codex.agent.model_address({}) == "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({}, "https://api.anthropic.com"),
        ({"ANTHROPIC_BASE_URL": "https://model.example.net"}, "https://model.example.net"),
        ({"CLAUDE_CODE_USE_BEDROCK": "1"}, ""),
        ({"CLAUDE_CODE_USE_VERTEX": "true"}, ""),
        ({"CLAUDE_CODE_USE_BEDROCK": "0"}, "https://api.anthropic.com"),
    ],
)
def test_where_claudes_model_is(claude: Conversation, variables: dict[str, str], address: str) -> None:
    assert claude.agent.model_address(variables) == address


def test_declared_variables_win_over_the_presets_own(claude: Conversation) -> None:
    own = claude.agent.variables({})
    assert own["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] == "1"
    assert "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC" not in claude.agent.variables(dict.fromkeys(own, "0"))


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, claude: Conversation) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert agents.missing_program(claude.agent) == "claude"
    (tmp_path / "claude").write_text("#!/bin/sh\n")
    (tmp_path / "claude").chmod(0o755)
    assert agents.missing_program(claude.agent) == ""
    shell = agents.agent_of({"preset": "shell"}, "/p", remembered="", remember=lambda _: None)
    assert agents.missing_program(shell) == ""


@given(path=st.text())
def test_both_sides_name_claudes_folder_alike(path: str) -> None:
    """The runner may not import the product, so each side has its own."""
    assert agents.munged(path) == histories.munged(path)


@pytest.mark.parametrize(
    ("messages", "text"), [([], "task"), (["one"], "one\n\ntask"), (["one", "two"], "one\n\ntwo\n\ntask")]
)
def test_messages_of_hooks_precede_the_task(messages: list[str], text: str) -> None:
    assert preceded("task", messages) == text


def test_messages_are_cut_and_the_task_is_not() -> None:
    found = preceded("t" * 100_000, ["ü" * 10_000, "x" * 10_000])
    assert found.endswith("\n\n" + "t" * 100_000)
    assert found.startswith("ü" * 9_000)
    assert len(found.encode()) <= LONGEST


FAKE_CLAUDE = """#!/bin/sh
# A fake of the program: keeps a history, tells its last word, and ends with exit code 0 whatever came of it.
for word; do last=$word; done
while [ $# -gt 0 ]; do case $1 in --session-id|--resume) id=$2;; esac; shift; done
mkdir -p "$CLAUDE_CONFIG_DIR/projects/$FOLDER"; touch "$CLAUDE_CONFIG_DIR/projects/$FOLDER/$id.jsonl"
printf '%s' "$last" > "$CLAUDE_CONFIG_DIR/last"
if [ "$last" = fail ]; then
    echo '{"type": "result", "subtype": "success", "is_error": true, "result": "no credit"}'
elif [ "$last" != silent ]; then
    echo '{"type": "result", "subtype": "success", "is_error": false}'
fi
"""


@pytest.fixture
def programmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose sessions find the fake on their PATH; returns where it keeps its things."""
    kept, project, programs = tmp_path / "kept", tmp_path / "project", tmp_path / "bin"
    for folder in (kept, project, programs):
        folder.mkdir()
    (programs / "claude").write_text(FAKE_CLAUDE)
    (programs / "claude").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(kept))
    monkeypatch.setenv("FOLDER", agents.munged(str(project.resolve())))
    return kept


def running(tmp_path: Path, task: str, **order: Any) -> Runner:
    (tmp_path / "state").mkdir()
    body = {"id": "calm-otter-0001", "project_dir": str(tmp_path / "project"), "agent": {"preset": "claude"}}
    return Runner(tmp_path / "state", {**body, "task": task, "idle_timeout": 60, "max_age": 600, **order})


@pytest.mark.parametrize(("task", "reason"), [("fail", "no credit"), ("silent", "the agent ended without a result")])
def test_an_exit_code_of_0_is_no_success_by_itself(programmed: Path, tmp_path: Path, task: str, reason: str) -> None:
    runner = running(tmp_path, task)
    runner.until(lambda: runner.state["state"] == "failed")
    assert (runner.state["exit_code"], runner.state["reason"]) == (1, reason)
    runner.end()


def test_what_hooks_say_at_a_resume_is_told_once(programmed: Path, tmp_path: Path) -> None:
    hooks = [{"matcher": "", "command": "echo told", "timeout": 20.0}]
    runner = running(tmp_path, "one", hooks=hooks)
    runner.until(lambda: runner.state["state"] == "idle")
    assert (programmed / "last").read_text() == "one"
    runner.end()
    runner.start()
    for turn, text in ((2, "<session-start-hook>\ntold\n</session-start-hook>\n\ntwo"), (3, "three")):
        words = [sys.executable, "-I", str(runner_source()), "send", str(runner.folder), text.rpartition("\n")[2]]
        runner.until(lambda: runner.state["state"] == "idle")
        subprocess.run(words, check=True)
        runner.until(partial(rests, runner, turn))
        assert (programmed / "last").read_text() == text
    runner.end()


def rests(runner: Runner, turn: int) -> bool:
    return bool(runner.state["turns"] == turn and runner.state["state"] == "idle")


def test_without_its_program_nothing_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("PATH", "/nonexistent")
    hook = {"matcher": "", "command": f"touch {tmp_path}/ran", "timeout": 20.0}
    runner = running(tmp_path, "x", hooks=[hook])
    assert runner.process.wait(20) == 1
    assert "the image has no 'claude'" in runner.state["reason"]
    assert "network-checked" not in [one["type"] for one in runner.events]
    assert not (tmp_path / "ran").exists()
