"""The hooks of a verification: those that are declared, each leaving a mark, and one of the repository's own."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.sessions.plan import RUNNER, STATE_FOLDER
from toolkit.workflows.proving_session import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.model.environment import HookSpec
    from toolkit.workflows.evidence import HookPlan

SETTINGS = ".claude/settings.json"
BESIDE = ("python3", "-I", RUNNER, "exec", STATE_FOLDER, "toolkit-verify")
"""What runs a command in the session as `toolkit exec` does."""

_VARIABLE = "TOOLKIT_VERIFY_HOOKS"
_RECORD = "/tmp/toolkit-verify-hook.json"  # noqa: S108 -- in the session, which is gone afterwards
# What the repository's hook was told. It reads no module of the repository (-I) and writes nothing to it.
_RECORDER = """import json, os, sys
told = {"variables": {k: v for k, v in os.environ.items() if k.startswith(("TOOLKIT_", "CLAUDE_"))}}
told["stdin"] = json.load(sys.stdin)
with open(sys.argv[1], "w") as file:
    json.dump(told, file)
"""


def marked(hooks: Sequence[HookSpec], plan: HookPlan) -> tuple[HookSpec, ...]:
    """The same hooks, each setting a variable before it does what it is declared for.

    The variables of hooks take hold in the order of the hooks, so that what the mark holds in the end tells it.
    """
    marks = {command: mark for mark, command in plan.commands.items()}
    return tuple(replace(one, command=f"{_leave(marks.get(one.command, 'uncalled'))}\n{one.command}") for one in hooks)


def settings() -> str:
    """The repository's own settings file, with one hook."""
    record = f"python3 -I -c {shlex.quote(_RECORDER)} {_RECORD}"
    hook = {"type": "command", "command": f"{_leave(REPOSITORY)}\n{record}"}
    return json.dumps({"hooks": {"SessionStart": [{"matcher": "startup", "hooks": [hook]}]}}, indent=2)


def order() -> dict[str, object]:
    """What the look inside needs to see what they left (`proofs/inside.py`)."""
    return {"beside": BESIDE, "variable": _VARIABLE, "record": _RECORD}


def _leave(mark: str) -> str:
    return f"""printf '%s\\n' 'export {_VARIABLE}="${{{_VARIABLE}-}} {mark}"' >>"$TOOLKIT_ENV_FILE\""""
