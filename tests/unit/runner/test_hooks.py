"""The hooks of a session's start, by a real runner: the table that users of hosted agents know."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unit.runner.test_life import Runner

if TYPE_CHECKING:
    from pathlib import Path

import pytest

from tests.support.git import git


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    (folder / "a.txt").write_text("a")
    return folder


class Hooks:
    """`settings` is the repository's file; `declared` the environment's own."""

    def __init__(self, tmp_path: Path, project: Path) -> None:
        self.folder, self.project = tmp_path / "state", project
        self.folder.mkdir()
        self.runner: Runner | None = None

    def settings(self, *groups: dict[str, Any]) -> None:
        (self.project / ".claude").mkdir(exist_ok=True)
        text = json.dumps({"hooks": {"SessionStart": list(groups)}})
        (self.project / ".claude" / "settings.json").write_text(text)

    def start(self, task: str, *declared: dict[str, Any], **more: Any) -> Runner:
        git(self.project, "add", ".")
        git(self.project, "commit", "-q", "-m", "one")
        order = {
            "id": "calm-otter-0001",
            "project_dir": str(self.project),
            "agent": {"preset": "shell"},
            "task": task,
            "idle_timeout": 30,
            "max_age": 60,
            "hooks": [{"matcher": "", "timeout": 20.0, **one} for one in declared],
            **more,
        }
        self.runner = Runner(self.folder, order)
        return self.runner


@pytest.fixture
def hooks(tmp_path: Path, project: Path) -> Any:
    made = Hooks(tmp_path, project)
    yield made
    if made.runner is not None and made.runner.process.poll() is None:
        made.runner.end()


def command(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "command", "command": text, **more}


def output(runner: Runner) -> str:
    runner.until(lambda: runner.state["state"] in {"idle", "failed"})
    return "".join(one["text"] for one in runner.events if one["type"] == "output")


def finished(runner: Runner) -> dict[str, dict[str, Any]]:
    return {one["command"]: one for one in runner.events if one["type"] == "hook-finished"}


def test_those_of_the_environment_and_of_the_repository_run_before_the_agent(hooks: Hooks) -> None:
    hooks.settings({"hooks": [command("echo repository >> seen")]})
    runner = hooks.start("sort seen", {"command": "echo environment >> seen"})
    assert output(runner) == "environment\nrepository\n"


def test_each_start_calls_those_that_match_it(hooks: Hooks) -> None:
    declared = [{"command": f"echo {one} >> seen", "matcher": one} for one in ("startup", "resume")]
    runner = hooks.start("cat seen", *declared)
    assert output(runner) == "startup\n"
    runner.end()
    runner.start()
    runner.until(lambda: runner.state["state"] == "idle" and len(finished(runner)) == 2)
    assert (hooks.project / "seen").read_text() == "startup\nresume\n"


def test_identical_ones_run_once(hooks: Hooks) -> None:
    hooks.settings({"hooks": [command("echo x >> seen")]}, {"matcher": "startup", "hooks": [command("echo x >> seen")]})
    assert output(hooks.start("cat seen", {"command": "echo x >> seen"})) == "x\n"


def test_they_are_told_where_they_are(hooks: Hooks) -> None:
    runner = hooks.start("cat told", {"command": "cat > told; echo $CLAUDE_PROJECT_DIR >> told"})
    told = json.loads(output(runner).splitlines()[0])
    assert {key: told[key] for key in ("session_id", "cwd", "hook_event_name", "source")} == {
        "session_id": "calm-otter-0001",
        "cwd": str(hooks.project),
        "hook_event_name": "SessionStart",
        "source": "startup",
    }


def test_what_they_print_is_the_agents_context(hooks: Hooks) -> None:
    document = json.dumps({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "from JSON"}})
    runner = hooks.start('cat "$TOOLKIT_CONTEXT_FILE"', {"command": "echo plain"}, {"command": f"echo '{document}'"})
    assert output(runner) == "plain\n\nfrom JSON"


def test_what_begins_like_json_and_is_none_is_text(hooks: Hooks) -> None:
    assert output(hooks.start('cat "$TOOLKIT_CONTEXT_FILE"', {"command": "echo '{half'"})) == "{half"


def test_exit_codes_do_not_block(hooks: Hooks) -> None:
    runner = hooks.start("echo on", {"command": "echo shown >&2; exit 2"}, {"command": "echo why >&2; exit 7"})
    assert output(runner) == "on\n"
    found = finished(runner)
    assert found["echo shown >&2; exit 2"]["message"] == "shown"
    assert found["echo why >&2; exit 7"]["message"] == "Failed with non-blocking status code: why"


def test_one_that_takes_too_long_is_cancelled_and_its_output_dropped(hooks: Hooks) -> None:
    runner = hooks.start('cat "$TOOLKIT_CONTEXT_FILE"; echo on', {"command": "echo lost; sleep 60", "timeout": 0.3})
    assert output(runner) == "on\n"
    assert "cancelled after 0.3 s" in finished(runner)["echo lost; sleep 60"]["message"]


def test_variables_that_they_set_reach_every_later_command(hooks: Hooks) -> None:
    runner = hooks.start(
        'echo "$A $B"',
        {"command": 'echo "export A=1" >> "$CLAUDE_ENV_FILE"'},
        {"command": 'echo \'export B="two words"\' >> "$TOOLKIT_ENV_FILE"'},
    )
    assert output(runner) == "1 two words\n"


def test_one_can_end_the_session(hooks: Hooks) -> None:
    stop = json.dumps({"continue": False, "stopReason": "not today"})
    runner = hooks.start("echo never", {"command": f"echo '{stop}'"})
    runner.until(lambda: runner.state["state"] == "failed")
    assert "not today" in runner.state["reason"]
    assert not [one for one in runner.events if one["type"] == "output"]


def test_a_broken_settings_file_is_told_and_blocks_nothing(hooks: Hooks) -> None:
    (hooks.project / ".claude").mkdir()
    (hooks.project / ".claude" / "settings.json").write_text("{")
    runner = hooks.start("echo on")
    assert output(runner) == "on\n"
    assert "cannot be read" in finished(runner)[".claude/settings.json"]["message"]


def test_arguments_need_no_shell(hooks: Hooks) -> None:
    hooks.settings({"hooks": [command("touch", args=["a b"])]})
    assert output(hooks.start("ls 'a b'")) == "a b\n"


def saying(text: str) -> dict[str, Any]:
    said = json.dumps({"hookSpecificOutput": {"hookEventName": "SessionStart", "initialUserMessage": text}})
    return {"command": f"echo '{said}'"}


def test_first_messages_precede_the_task_of_an_agent_that_reads_text(hooks: Hooks) -> None:
    agent = {"preset": "", "command": ["printf", "%s", "{task}"], "next": []}
    assert output(hooks.start("the task", saying("one"), saying("two"), agent=agent)) == "one\n\ntwo\n\nthe task"


def test_a_shell_gets_no_first_message(hooks: Hooks) -> None:
    assert output(hooks.start("echo task", saying("exit 9"))) == "task\n"


@pytest.mark.parametrize("key", ["additionalContext", "systemMessage", "plain"])
def test_texts_are_cut(hooks: Hooks, key: str) -> None:
    long = "ü" * 10_001
    said = {"systemMessage": long} if key == "systemMessage" else {"hookSpecificOutput": {"additionalContext": long}}
    (hooks.project / "said").write_text(long if key == "plain" else json.dumps(said))
    runner = hooks.start("true", {"command": "cat said"})
    output(runner)
    event = finished(runner)["cat said"]
    assert event["message" if key == "systemMessage" else "context"] == long[:10_000]


def test_one_in_the_background_is_not_waited_for(hooks: Hooks, tmp_path: Path) -> None:
    late = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done; echo late > {tmp_path}/late"
    hooks.settings({"hooks": [command(late, **{"async": True})]})
    runner = hooks.start("echo on")
    assert output(runner) == "on\n"
    assert finished(runner)[late]["message"] == "goes on in the background"
    (tmp_path / "go").touch()
    runner.until((tmp_path / "late").exists)


@pytest.mark.parametrize(
    "text",
    [
        '{"hooks": []}',
        '{"hooks": {"SessionStart": {"hooks": 1}}}',
        '{"hooks": {"SessionStart": [{"hooks": [{"type": "command"}]}]}}',
        '{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "x", "timeout": "soon"}]}]}}',
        "[]",
    ],
)
def test_a_settings_file_of_another_form_is_told_and_blocks_nothing(hooks: Hooks, text: str) -> None:
    hooks.settings()
    (hooks.project / ".claude" / "settings.json").write_text(text)
    runner = hooks.start("echo on")
    assert output(runner) == "on\n"
    assert "has not the form" in finished(runner)[".claude/settings.json"]["message"]


def test_hooks_of_other_kinds_are_left_alone(hooks: Hooks) -> None:
    hooks.settings({"hooks": [{"type": "prompt", "prompt": "x"}, command("echo kept")]})
    assert output(hooks.start('cat "$TOOLKIT_CONTEXT_FILE"')) == "kept"


def test_the_end_of_the_session_ends_a_hook(hooks: Hooks, tmp_path: Path) -> None:
    runner = hooks.start("echo never", {"command": f"touch {tmp_path}/begun; sleep 600", "timeout": 600})
    runner.until((tmp_path / "begun").exists)
    runner.end()
    assert runner.state["state"] == "stopped"
