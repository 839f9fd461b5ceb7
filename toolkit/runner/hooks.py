"""Running the hooks of a start, all at the same time, and what they said."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from .spawning import signal_group, spawn

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from .hook_files import Hook

LONGEST = 10_000
"""Characters that a text of a hook may have; the rest is dropped."""

_AT_ONCE = 16
_READ = 1 << 20
_BLOCKING = 2
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Outcome:
    """What a hook came to. `exit_code` None: it was cancelled, or still runs in the background.

    `message` is for the user, `context` for the agent, `log` what it wrote to stderr. `stop` not empty: the session is
    to end for this reason. `first_message` precedes the user's own first task.
    """

    hook: Hook
    exit_code: int | None = None
    seconds: float = 0.0
    message: str = ""
    context: str = ""
    log: str = ""
    stop: str = ""
    first_message: str = ""
    title: str = ""


@dataclass(frozen=True)
class Occasion:
    """Where hooks run and what they are told; `variables` is the folder for the files that they set variables in.

    `ending`: set once the session is to end, and with it every hook.
    """

    cwd: str
    environment: Mapping[str, str]
    told: Mapping[str, str]
    variables: Path
    ending: threading.Event


def run(hooks: Sequence[Hook], occasion: Occasion, on_outcome: Callable[[Outcome], None]) -> list[Outcome]:
    """Run them all, tell each end as it comes, and give the outcomes in the order of the hooks."""
    occasion.variables.mkdir(exist_ok=True)

    def one(hook: Hook, variables: Path) -> Outcome:
        try:
            outcome = _run(hook, occasion, variables)
        except OSError as error:
            outcome = Outcome(hook, 127, message=f"cannot run: {error}")
        on_outcome(outcome)
        return outcome

    files = [variable_file(occasion.variables, hook) for hook in hooks]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(one, hooks, files))


def variable_file(folder: Path, hook: Hook) -> Path:
    """Made empty; the same at every start, so that what a hook set holds on where it does not run again."""
    digest = hashlib.sha256(json.dumps(hook.argv).encode()).hexdigest()[:12]
    files = sorted(folder.iterdir())
    path = next((one for one in files if one.stem.endswith(f"-{digest}")), folder / f"{len(files):03d}-{digest}.sh")
    path.write_bytes(b"")
    return path


def _run(hook: Hook, occasion: Occasion, variables: Path) -> Outcome:
    own = {"TOOLKIT_ENV_FILE": str(variables), "CLAUDE_ENV_FILE": str(variables)}
    began = time.monotonic()
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        # Files, not pipes: what a hook leaves in the background would hold a pipe open.
        told.write(json.dumps(dict(occasion.told)).encode())
        told.seek(0)
        process = spawn(
            hook.argv, cwd=occasion.cwd, env={**occasion.environment, **own}, stdin=told, stdout=out, stderr=err
        )
        if hook.background:
            return Outcome(hook, message="goes on in the background")
        code = _wait(process, hook.seconds, occasion.ending)
        seconds = round(time.monotonic() - began, 3)
        if code is None:
            return Outcome(hook, seconds=seconds, message=f"cancelled after {hook.seconds:g} s, its output dropped")
        return _read(hook, code, seconds, _text(out), _text(err))


def _wait(process: subprocess.Popen[bytes], seconds: float, ending: threading.Event) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            code = process.wait(timeout=max(0.0, min(_POLL_SECONDS, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline and not ending.is_set():
                continue
            signal_group(process.pid, signal.SIGKILL)
            process.wait()
            return None
        return 128 - code if code < 0 else code


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_READ).decode("utf-8", "replace")


def _read(hook: Hook, code: int, seconds: float, out: str, err: str) -> Outcome:
    log = err[:LONGEST]
    if code == _BLOCKING:
        return Outcome(hook, code, seconds, message=log.strip(), log=log)
    if code:
        first = (err.strip().splitlines() or [""])[0][:LONGEST]
        return Outcome(hook, code, seconds, message=f"Failed with non-blocking status code: {first}".rstrip(), log=log)
    said = _document(out)
    if said is None:
        return Outcome(hook, code, seconds, context=out.strip()[:LONGEST], log=log)
    own = said.get("hookSpecificOutput")
    own = own if isinstance(own, dict) else {}
    return Outcome(
        hook,
        code,
        seconds,
        message=_string(said, "systemMessage"),
        context=_string(own, "additionalContext"),
        log=log,
        stop="" if said.get("continue", True) else _string(said, "stopReason") or "a hook asked for the end",
        first_message=_string(own, "initialUserMessage"),
        title=_string(own, "sessionTitle"),
    )


def _document(out: str) -> dict[str, Any] | None:
    """The JSON object that the output is; None: it is text."""
    if not out.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(out)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _string(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    return value[:LONGEST] if isinstance(value, str) else ""
