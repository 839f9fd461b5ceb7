"""Variables that hooks set for every later command of the session.

A hook appends lines `export NAME=value` to the file that TOOLKIT_ENV_FILE (CLAUDE_ENV_FILE) names: one of its own,
since hooks run at the same time. bash reads the files in the order of the hooks, so that a line may use what an earlier
one set. The result is kept, for commands that come from outside (`toolkit exec`).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SECONDS = 30
_FILE = "variables.json"
_SCRIPT = 'for file in "$@"; do set -a; . "$file" >&2 </dev/null; done; exec env -0'
_SHELLS_OWN = frozenset({"_", "SHLVL", "PWD", "OLDPWD", "BASHOPTS", "SHELLOPTS", "BASH_ENV"})


def read(files: Sequence[Path], environment: Mapping[str, str]) -> dict[str, str]:
    """What the files change in `environment`: name → value; ValueError says what is wrong with them."""
    present = [str(one) for one in files if one.is_file() and one.stat().st_size]
    if not present:
        return {}
    try:
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", _SCRIPT, "bash", *present],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ValueError(str(error)) from error
    if done.returncode:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}")
    pairs = (
        entry.decode("utf-8", "surrogateescape").partition("=") for entry in done.stdout.split(b"\0") if b"=" in entry
    )
    return {name: value for name, _, value in pairs if environment.get(name) != value and name not in _SHELLS_OWN}


def keep(folder: Path, found: Mapping[str, str]) -> None:
    """Write what every later command is to see; the file is replaced whole."""
    staged = folder / f".{_FILE}"
    with contextlib.suppress(OSError):
        staged.write_text(json.dumps(dict(found)), encoding="ascii")
        os.replace(staged, folder / _FILE)


def kept(folder: Path) -> dict[str, str]:
    """The variables of the last start; empty where there are none."""
    try:
        found = json.loads((folder / _FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
