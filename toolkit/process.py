"""The only importer of subprocess: argv tuples in, captured text out, every wait bounded."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

_GRACE_SECONDS = 5.0
_WATCH = """\
read -r child || exit 0
read -r _ && exit 0
kill -s INT "$child" 2>/dev/null || exit 0
left=$(($1 * 10))
while [ "$left" -gt 0 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; left=$((left - 1)); done
kill -s KILL -- "-$child" 2>/dev/null
"""
"""Is told a process, then that it has ended; when its input ends before that, we were killed."""
_GIVE_OVER = 'echo $$ >&0; exec "$@" </dev/null'


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
    on_interrupt: Callable[[], None] | None = None,
) -> Completed:
    """Run to the end, at most `timeout` seconds; `env` is added to ours; `on_line` sees each line of stderr and stdout.

    On interrupt or timeout the whole process group gets SIGTERM, then SIGKILL, before the exception goes on. Before
    that, on interrupt, `on_interrupt` is called, and the program alone gets one SIGINT and `interrupt_seconds` to come
    to an orderly end; it gets the same when we are killed, from a watcher.
    """
    command = tuple(argv)
    started: list[subprocess.Popen[bytes]] = []
    with _watched(started, interrupt_seconds) as watcher, ExitStack() as held:
        try:
            with _undisturbed():
                child = held.enter_context(_start(command, cwd, env, piped=stdin is not None, watcher=watcher))
                started.append(child)
            out, err = child.communicate(stdin, timeout) if on_line is None else _stream(child, stdin, timeout, on_line)
        except subprocess.TimeoutExpired as error:
            _end_group(child)
            raise ToolkitError(f"'{' '.join(command)}' did not end within {timeout:g} s") from error
        except KeyboardInterrupt:
            for one in started:
                if interrupt_seconds and one.poll() is None:
                    if on_interrupt is not None:
                        on_interrupt()
                    _interrupt(one, interrupt_seconds)
                _end_group(one)
            raise
        except BaseException:
            for one in started:
                _end_group(one)
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


def _start(
    command: tuple[str, ...],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    *,
    piped: bool,
    watcher: IO[bytes] | None,
) -> subprocess.Popen[bytes]:
    """With a `watcher` the program is given over to it before it begins, so that there is no moment between."""
    try:
        return subprocess.Popen(
            command if watcher is None else ("/bin/sh", "-c", _GIVE_OVER, _found(command[0]), *command),
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            stdin=watcher or (subprocess.PIPE if piped else subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # what is to end in order must not die of a line that nobody reads any more
            restore_signals=watcher is None,
        )
    except FileNotFoundError as error:
        raise ToolkitError(
            f"'{command[0]}' is not installed", hint=f"install {command[0]} and make sure that it is on PATH"
        ) from error


def _found(program: str) -> str:
    if shutil.which(program) is None:
        raise FileNotFoundError(program)
    return program


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A Ctrl-C waits until the end of the block: in the middle of a start nobody would know of the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came and callable(before):
        before(*came[0])


@contextmanager
def _watched(started: Sequence[subprocess.Popen[bytes]], seconds: float) -> Iterator[IO[bytes] | None]:
    """Where a program is given over that then outlives us by `seconds` at most; None for 0: nobody watches."""
    if not seconds:
        yield None
        return
    with subprocess.Popen(
        ("/bin/sh", "-c", _WATCH, "watch", f"{seconds:.0f}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as watcher:
        assert watcher.stdin is not None
        try:
            yield watcher.stdin
        finally:
            if all(one.poll() is not None for one in started):
                with suppress(BrokenPipeError):
                    watcher.stdin.write(b"ended\n")
                    watcher.stdin.flush()


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
