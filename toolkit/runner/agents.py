"""The agents: how each is called, what it is given, and whether a turn succeeded.

Tested with claude-code 2.1.331 and codex 0.169.0 (tests/e2e/test_agents.py). Their exit codes alone do not tell: a turn
has succeeded when the program ended with 0 and the last result of its stream says so.
"""

from __future__ import annotations

import glob
import os
import shutil
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import streams

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_QUIET = (
    "check_for_update_on_startup=false",
    "analytics.enabled=false",
    "feedback.enabled=false",
    "features.plugins=false",
    "features.apps=false",
    "features.remote_plugin=false",
)
_ELSEWHERE = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_LONGEST_WORD = 120_000  # bytes; Linux takes 128 KiB for one argument of a program
_LONGEST_MUNGED = 200
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Asked:
    """A turn: its text, what the hooks said so far, and the variables that the agent will see.

    `first`: of the session. `news`: the hooks have spoken since the turn before.
    """

    task: str
    first: bool = True
    context: str = ""
    news: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """The text for a conversation that goes on: both programs keep to what a conversation began with, so what the
        hooks say later has to be part of a message.
        """
        if not self.context or not self.news:
            return self.task
        room = _LONGEST_WORD - len(self.task.encode(errors="surrogateescape"))
        return f"<session-start-hook>\n{_cut(self.context, room)}\n</session-start-hook>\n\n{self.task}"


class Agent:
    """`bash -lc TASK`, or a command of the environment's own with `{task}` in any word.

    `typed`: it reads its stdin. `runs_hooks`: it runs the repository's hooks by itself. `reads_text`: what it is asked
    is text for it, not a command of a shell.
    """

    typed = True
    runs_hooks = False

    def __init__(self, declared: Mapping[str, Any]) -> None:
        self._declared = declared

    @property
    def reads_text(self) -> bool:
        return bool(self._declared.get("command"))

    def argv(self, asked: Asked) -> list[str]:
        command = self._declared.get("command")
        if not command:
            return ["bash", "-lc", asked.task]
        words = command if asked.first or not self._declared.get("next") else self._declared["next"]
        return [word.replace("{task}", asked.task) for word in words]

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:  # noqa: ARG002
        return {}

    def stream(self) -> streams.Stream | None:
        """What reads its stdout; None: it is text."""
        return None

    def model_address(self, environment: Mapping[str, str]) -> str:  # noqa: ARG002
        """The base address of its model's API; empty where it needs none, or has it from a cloud's own service."""
        return ""


class Preset(Agent):
    """`remembered` is its id of the conversation, as far as there is one; `remember` keeps a new one at once."""

    typed = False
    program = ""

    def __init__(
        self, declared: Mapping[str, Any], project_dir: str, remembered: str, remember: Callable[[str], None]
    ) -> None:
        super().__init__(declared)
        self._project_dir = project_dir
        self._id = remembered
        self._remember_it = remember

    @property
    def reads_text(self) -> bool:
        return True

    def _remember(self, identity: str) -> None:
        if identity and identity != self._id:
            self._id = identity
            self._remember_it(identity)


class Claude(Preset):
    program = "claude"
    runs_hooks = True

    def argv(self, asked: Asked) -> list[str]:
        # A first turn that failed may have made the history already, and an id in use is refused: look, don't count.
        if not self._id:
            self._remember(str(uuid.uuid4()))
        goes_on = os.path.exists(self._history(asked.environment))
        history = ["--resume" if goes_on else "--session-id", self._id]
        # What a conversation was begun with is recorded; older versions have to be told at every turn.
        told = ["--append-system-prompt", _cut(asked.context, _LONGEST_WORD)] if asked.context else []
        form = ["--output-format", "stream-json", "--verbose"]
        command = [self.program, "-p", "--dangerously-skip-permissions", *history, *form, *told]
        return [*command, "--", asked.told if goes_on else asked.task]

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        own = {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
        if os.geteuid() == 0:
            own["IS_SANDBOX"] = "1"  # as root it wants to be told that nothing of value is around
        return {name: value for name, value in own.items() if name not in environment}

    def stream(self) -> streams.Stream:
        return streams.ClaudeStream()

    def model_address(self, environment: Mapping[str, str]) -> str:
        if any(environment.get(one, "") not in {"", "0", "false"} for one in _ELSEWHERE):
            return ""
        return environment.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"

    def _history(self, environment: Mapping[str, str]) -> str:
        home = environment.get("CLAUDE_CONFIG_DIR") or os.path.expanduser("~/.claude")
        return os.path.join(home, "projects", munged(os.path.realpath(self._project_dir)), f"{self._id}.jsonl")


class Codex(Preset):
    program = "codex"

    def argv(self, asked: Asked) -> list[str]:
        settings = list(_QUIET)
        address = asked.environment.get("OPENAI_BASE_URL")
        if address:  # the program itself heeds only its own setting
            settings.append(f"openai_base_url={_toml(address)}")
        if asked.context:
            settings.append(f"developer_instructions={_toml(asked.context)}")
        options = [word for one in settings for word in ("-c", one)]
        command = [self.program, "exec", "--json", "--dangerously-bypass-approvals-and-sandbox", *options]
        if self._id and self._history(asked.environment):
            return [*command, "resume", self._id, "--", asked.told]
        return [*command, "--", asked.task]

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        key = environment.get("OPENAI_API_KEY", "")
        return {"CODEX_API_KEY": key} if key and not environment.get("CODEX_API_KEY") else {}

    def stream(self) -> streams.Stream:
        return streams.CodexStream(self._remember)

    def model_address(self, environment: Mapping[str, str]) -> str:
        return environment.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"

    def _history(self, environment: Mapping[str, str]) -> str:
        home = environment.get("CODEX_HOME") or os.path.expanduser("~/.codex")
        found = glob.glob(os.path.join(glob.escape(home), "sessions", "*", "*", "*", f"rollout-*-{self._id}.jsonl"))
        return found[0] if found else ""


def agent_of(
    declared: Mapping[str, Any], project_dir: str, *, remembered: str, remember: Callable[[str], None]
) -> Agent:
    """`declared` is session.json's `{preset, command, next}`."""
    presets = {"claude": Claude, "codex": Codex}
    if declared.get("command") or declared.get("preset") not in presets:
        return Agent(declared)
    return presets[declared["preset"]](declared, project_dir, remembered, remember)


def preceded(task: str, messages: Sequence[str]) -> str:
    """The first task with the messages that hooks want to be said before it, cut where they would be too long."""
    room = _LONGEST_WORD - len(task.encode(errors="surrogateescape"))
    before = _cut("\n\n".join(messages), room)
    return f"{before}\n\n{task}" if before else task


def missing_program(agent: Agent) -> str:
    """The preset's program where the image does not have it, else empty."""
    program = agent.program if isinstance(agent, Preset) else ""
    return program if program and shutil.which(program) is None else ""


def munged(path: str) -> str:
    """How claude names the folder of a project's conversations: measured, and tested against the program.

    Every UTF-16 unit that is no ASCII letter or digit becomes `-`; a long name is cut and gets Java's string hash.
    """
    encoded = path.encode("utf-16-le", "surrogatepass")
    units = [int.from_bytes(encoded[index : index + 2], "little") for index in range(0, len(encoded), 2)]
    text = "".join(chr(unit) if unit < 128 and chr(unit).isalnum() else "-" for unit in units)
    return text if len(text) <= _LONGEST_MUNGED else f"{text[:_LONGEST_MUNGED]}-{_java_hash(units)}"


def _java_hash(units: Sequence[int]) -> str:
    value = 0
    for unit in units:
        value = (value * 31 + unit) & 0xFFFFFFFF
    rest = abs(value - (1 << 32) if value >> 31 else value)
    digits = ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"


def _toml(text: str) -> str:
    """A TOML basic string, its end cut off where it would be too long for an argument."""
    while len((written := _quoted(text)).encode(errors="surrogateescape")) > _LONGEST_WORD:
        text = text[: len(text) * 3 // 4]
    return written


def _quoted(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(one):04x}" if ord(one) < 32 or ord(one) == 127 else one
        for one in text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    )
    return f'"{escaped}"'


def _cut(text: str, size: int) -> str:
    """Its beginning, of at most so many bytes."""
    content = text.encode(errors="surrogateescape")
    return text if len(content) <= size else content[: max(0, size)].decode(errors="ignore")
