"""Starting foreign programs: in a group of their own, and ahead of the runner when memory runs out."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PREFERRED = 500
_SCORE = "/proc/self/oom_score_adj"


def spawn(argv: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """A process that leads its own group; OSError where it cannot start."""
    with _preferred_victim():
        return subprocess.Popen(list(argv), start_new_session=True, **options)


def signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


@contextlib.contextmanager
def _preferred_victim() -> Iterator[None]:
    """What is started now inherits the score; the kernel lets anybody lower it again to where it was (proc(5))."""
    before = _adjust(str(_PREFERRED))
    try:
        yield
    finally:
        if before:
            _adjust(before)


def _adjust(score: str) -> str:
    try:
        with open(_SCORE, "r+", encoding="ascii") as file:
            before = file.read().strip()
            if int(before) > _PREFERRED and score == str(_PREFERRED):
                return ""
            file.seek(0)
            file.write(score)
            return before
    except (OSError, ValueError):
        return ""
