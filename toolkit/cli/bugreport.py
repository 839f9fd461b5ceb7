"""What an unexpected exception leaves behind: a file with the traceback, secrets redacted."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
import traceback
from typing import TYPE_CHECKING

from toolkit import __version__
from toolkit.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL|AUTH", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_SHORTEST_SECRET = 4


def redact(text: str) -> str:
    """`text` without the values of variables that are named like secrets, and without credentials in addresses."""
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, f"<{name}>")
    return _URL_CREDENTIALS.sub("<redacted>@", text)


def write_report(error: BaseException, argv: Sequence[str]) -> Path:
    """Write the report with mode 0600 and return its path."""
    folder = state_dir() / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.txt"
    text = "\n".join(
        [
            f"toolkit {__version__}, Python {platform.python_version()}, {sys.platform}",
            f"command: toolkit {' '.join(argv)}",
            "",
            "".join(traceback.format_exception(error)),
        ]
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(redact(text))
    return path
