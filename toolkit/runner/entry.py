"""What the runner can be asked: live through a session, and what is done beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_USAGE = """usage: run FOLDER | prepare FOLDER | send FOLDER TEXT | join FOLDER | exec FOLDER TOKEN CMD...
       signal FOLDER TOKEN NUMBER | trust CERTIFICATE BUNDLE | check-tools [--json]
"""


def main(argv: Sequence[str]) -> int:
    """`run FOLDER` lives through the session's turns; the rest works beside it.

    FOLDER holds `session.json` (what to do, written before the start), `state.json` (where the session is),
    `transcript.jsonl` and its older parts in `transcript/`, `inbox/` (turns that wait), `join.sock`, `context.md` (what
    hooks told the agent), `variables/` and `variables.json` (what hooks set), `beside/` (commands from outside).
    """
    # Each word imports what it needs: `exec` is to be quick.
    verb, rest = (argv[0], list(argv[1:])) if argv else ("", [])
    if verb == "run" and len(rest) == 1:
        from .life import Life

        return Life(Path(rest[0])).run()
    if verb == "send" and len(rest) == 2:
        from . import inbox

        inbox.send(Path(rest[0]), rest[1])
        return 0
    if verb == "join" and len(rest) == 1:
        from .join import join

        return join(Path(rest[0]))
    if verb == "exec" and len(rest) >= 3:
        from . import beside

        return beside.run(Path(rest[0]), rest[1], rest[2:])
    return _seldom(verb, rest)


def _seldom(verb: str, rest: Sequence[str]) -> int:
    if verb == "signal" and len(rest) == 3:
        from . import beside

        return beside.send_signal(Path(rest[0]), rest[1], int(rest[2]))
    if verb == "prepare" and len(rest) == 1:
        from . import preparation

        return preparation.prepare(Path(rest[0]))
    if verb == "trust" and len(rest) == 2:
        from . import trust

        trust.add(rest[0], rest[1])
        return 0
    if verb == "check-tools":
        from . import tools

        return tools.main(rest)
    sys.stderr.write(_USAGE)
    return 2
