"""`toolkit exec`: a command beside the agent, with the session's variables, and signals for it from outside."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

from . import variables

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def run(folder: Path, token: str, argv: Sequence[str]) -> int:
    """Become the command; `token` names it for `send_signal`. Returns only where it cannot start."""
    _note(folder / "beside", token)
    os.environ.update(variables.kept(folder))
    try:
        os.execvp(argv[0], list(argv))
    except FileNotFoundError:
        sys.stderr.write(f"{argv[0]}: not found in the session\n")
        return _NOT_FOUND
    except OSError as error:
        sys.stderr.write(f"{argv[0]}: {error.strerror}\n")
        return _NOT_EXECUTABLE


def send_signal(folder: Path, token: str, number: int) -> int:
    """To the command and all that it started; 1 where it is gone."""
    try:
        pid = int((folder / "beside" / token).read_text(encoding="ascii"))
        os.killpg(pid, number)
    except (OSError, ValueError):
        return 1
    return 0


def _note(folder: Path, token: str) -> None:
    """On a full disk the command runs all the same, but gets no signals."""
    with contextlib.suppress(OSError):
        folder.mkdir(exist_ok=True)
        for one in folder.iterdir():
            with contextlib.suppress(OSError, ValueError):
                if not _lives(int(one.read_text(encoding="ascii") or 0)):
                    one.unlink()
        (folder / token).write_text(str(os.getpid()), encoding="ascii")
    if os.getpgrp() != os.getpid():
        with contextlib.suppress(OSError):
            os.setpgid(0, 0)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and what is run would inherit that


def _lives(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")
