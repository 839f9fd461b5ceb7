"""The setup script of an environment: once, as root, in a container of its own, whose files are then kept.

`setup.json` in FOLDER says: script, timeout (seconds), variables, and what `isolation` asks for. What it prints are
events like a session's; the exit code is the script's, 124 after the timeout.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from threading import Timer
from typing import TYPE_CHECKING, Any

from . import isolation, resolver
from .transcript import Transcript
from .turn import Turn

if TYPE_CHECKING:
    from pathlib import Path

MARK = "setup.sha256"
"""Beside the folder: of which script the snapshot keeps the files."""

_WORKSPACE = "/workspace"
_TIMED_OUT = 124
_NOT_ISOLATED = 125
# The script is sourced, so that the line of a failing command is the script's own; `return` and `exit` end it.
_WRAPPER = 'trap \'code=$?; echo "$LINENO" >"$TOOLKIT_SETUP_LINE"; exit "$code"\' ERR; set -eE; . "$0"'  # fmt: skip


def prepare(folder: Path) -> int:
    """Run the script and return its exit code; the folder is empty afterwards, since it goes into the snapshot."""
    order: dict[str, Any] = json.loads((folder / "setup.json").read_text(encoding="utf-8"))
    transcript = Transcript(folder / "transcript.jsonl")
    try:
        resolver.silence()
        wrong = isolation.faults(order)
        if wrong:
            transcript.write("setup-finished", 0, exit_code=_NOT_ISOLATED, line=0, reason="; ".join(wrong))
            return _NOT_ISOLATED
        transcript.write("network-checked", 0)
        code, line, reason = _run(folder, order, transcript)
        if code == 0:
            (folder.parent / MARK).write_text(hashlib.sha256(order["script"].encode()).hexdigest(), encoding="ascii")
        transcript.write("setup-finished", 0, exit_code=code, line=line, reason=reason)
        return code
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, order: dict[str, Any], transcript: Transcript) -> tuple[int, int, str]:
    script, failed_at = folder / "setup.sh", folder / "failed-line"
    script.write_text(order["script"], encoding="utf-8")
    os.makedirs(_WORKSPACE, exist_ok=True)
    variables = {**os.environ, **order["variables"], "TOOLKIT_SETUP_LINE": str(failed_at)}
    argv = ["bash", "--noprofile", "--norc", "-c", _WRAPPER, str(script)]
    turn = Turn(
        argv,
        cwd=_WORKSPACE,
        environment=variables,
        typed=False,
        on_output=lambda stream, text: transcript.write("output", 0, stream=stream, text=text),
    )
    late = []

    def end() -> None:
        late.append(True)
        turn.end()

    limit = Timer(order["timeout"], end)
    limit.start()
    code = turn.wait()
    limit.cancel()
    turn.end()  # a snapshot keeps files and loses processes
    if late:
        return _TIMED_OUT, 0, f"it took longer than {order['timeout']:g} s"
    return code, _line(failed_at), ""


def _line(path: Path) -> int:
    """The script's line that failed; 0 where the script ended by itself."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
