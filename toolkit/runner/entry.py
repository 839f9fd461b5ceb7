"""What the runner can be asked: live, prepare a snapshot, queue a turn, trust a CA."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import inbox, preparation, trust
from .life import Life

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """`run FOLDER` lives through the session's turns, `send FOLDER TEXT` queues one more.

    FOLDER holds `session.json` (what to do, written before the start), `state.json` (where the session is, read
    by every client), `transcript.jsonl`, and `inbox/` (turns that wait).
    """
    if len(argv) == 2 and argv[0] == "run":
        return Life(Path(argv[1])).run()
    if len(argv) == 2 and argv[0] == "prepare":
        return preparation.prepare(Path(argv[1]))
    if len(argv) == 3 and argv[0] == "send":
        inbox.put(Path(argv[1]), argv[2])
        return 0
    if len(argv) == 3 and argv[0] == "trust":
        trust.add(argv[1], argv[2])
        return 0
    sys.stderr.write("usage: run FOLDER | prepare FOLDER | send FOLDER TEXT | trust CERTIFICATE BUNDLE\n")
    return 2
