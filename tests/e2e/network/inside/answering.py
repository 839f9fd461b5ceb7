"""The conversation: one JSON object a line, {"try": name, "with": arguments}, each answered by one line.

`reached` in an answer says that an origin of the lab spoke back; what the origin wrote down is the better witness.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from . import past, pressure, through  # noqa: F401 -- their tries
from .wire import TRIES, Answer


def answered(order: dict[str, Any]) -> Answer:
    try:
        return TRIES[order["try"]](**order["with"])
    except (OSError, subprocess.SubprocessError, KeyError, ValueError) as error:
        return {"reached": False, "status": None, "error": f"{type(error).__name__}: {error}"}


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answered(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
