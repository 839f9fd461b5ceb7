"""The only importer of subprocess: argv tuples in, captured text out, every wait bounded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A finished command: exit code, and its output decoded as UTF-8 with replacement."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


class CommandError(ToolkitError):
    """A command that was needed failed; its last lines are in the message."""

    code = "command"

    def __init__(self, completed: Completed, *, hint: str = "") -> None:
        tail = "\n".join(completed.output.strip().splitlines()[-15:])
        super().__init__(
            f"'{' '.join(completed.argv)}' ended with exit code {completed.returncode}"
            + (f":\n{tail}" if tail else ""),
            hint=hint,
        )
        self.completed = completed


def which(program: str, *, path: str | None = None) -> str | None:
    """The program's full path, or None."""
    return shutil.which(program, path=path)


def run(  # noqa: PLR0913 -- all of them are about one call
    argv: Sequence[str],
    *,
    timeout: float,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    check: bool = True,
    on_line: Callable[[str], None] | None = None,
    interrupt_seconds: float = 0.0,
) -> Completed:
    """Run to the end, at most `timeout` seconds; `env` is added to ours; `on_line` sees each line of stderr and stdout.

    On interrupt or timeout the whole process group gets SIGTERM, then SIGKILL, before the exception goes on. Before
    that, on interrupt, the program alone gets one SIGINT and `interrupt_seconds` to come to an orderly end.
    """
    command = tuple(argv)
    try:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ToolkitError(
            f"'{command[0]}' is not installed", hint=f"install {command[0]} and make sure that it is on PATH"
        ) from error
    with child:
        try:
            if on_line is None:
                out, err = child.communicate(stdin, timeout=timeout)
            else:
                out, err = _stream(child, stdin, timeout, on_line)
        except subprocess.TimeoutExpired as error:
            _end_group(child)
            raise ToolkitError(f"'{' '.join(command)}' did not end within {timeout:g} s") from error
        except KeyboardInterrupt:
            _interrupt(child, interrupt_seconds)
            _end_group(child)
            raise
        except BaseException:
            _end_group(child)
            raise
    completed = Completed(
        argv=command,
        returncode=child.returncode,
        stdout=out.decode(errors="replace"),
        stderr=err.decode(errors="replace"),
    )
    if check and completed.returncode:
        raise CommandError(completed)
    return completed


def start_in_background(argv: Sequence[str], *, log: Path) -> int:
    """Start a program that outlives us, its output appended to `log`; returns its process id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        child = subprocess.Popen(
            tuple(argv), stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
        )
    return child.pid


def _stream(
    child: subprocess.Popen[bytes], stdin: bytes | None, timeout: float, on_line: Callable[[str], None]
) -> tuple[bytes, bytes]:
    chunks: dict[str, list[bytes]] = {"stdout": [], "stderr": []}

    def pump(name: str, stream: IO[bytes]) -> None:
        for line in stream:
            chunks[name].append(line)
            on_line(line.decode(errors="replace").rstrip("\r\n"))

    assert child.stdout is not None
    assert child.stderr is not None
    threads = [
        threading.Thread(target=pump, args=("stdout", child.stdout), daemon=True),
        threading.Thread(target=pump, args=("stderr", child.stderr), daemon=True),
    ]
    for thread in threads:
        thread.start()
    if stdin is not None and child.stdin is not None:
        child.stdin.write(stdin)
        child.stdin.close()
    child.wait(timeout=timeout)
    for thread in threads:
        thread.join(timeout=_GRACE_SECONDS)
    return b"".join(chunks["stdout"]), b"".join(chunks["stderr"])


def _interrupt(child: subprocess.Popen[bytes], seconds: float) -> None:
    if seconds and child.poll() is None:
        child.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):  # a second Ctrl-C: the person will not wait
            child.wait(timeout=seconds)


def _end_group(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        return
