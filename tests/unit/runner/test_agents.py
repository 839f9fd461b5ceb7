"""How each agent is called. That the presets' programs understand it is for tests/e2e/test_agents.py to prove."""

from __future__ import annotations

import itertools
import tomllib
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.runner import agents
from toolkit.runner.agents import Asked
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
