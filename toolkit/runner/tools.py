"""`check-tools`: which languages, package managers and tools the session has, and their versions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_SECONDS = 20
_VERSION = re.compile(r"\d+(?:\.\d+)+[-+.\w]*|\d+")
KNOWN = {
    "languages": (
        "python3 --version", "node --version", "ruby --version", "go version", "rustc --version", "java -version",
        "php --version", "perl --version", "gcc --version", "clang --version", "dotnet --version", "bash --version",
    ),
    "package managers": (
        "apt-get --version", "apk --version", "dnf --version", "pip --version", "pip3 --version", "uv --version",
        "poetry --version", "npm --version", "pnpm --version", "yarn --version", "bun --version", "gem --version",
        "bundle --version", "cargo --version", "mvn --version", "gradle --version", "composer --version",
    ),
    "tools": (
        "git --version", "make --version", "cmake --version", "curl --version", "wget --version", "jq --version",
        "rg --version", "tar --version", "ssh -V", "psql --version", "sqlite3 --version", "redis-cli --version",
        "docker --version", "gh --version", "claude --version", "codex --version",
    ),
}  # fmt: skip


def main(words: Sequence[str]) -> int:
    """Text, or with `--json` one document `{version, tools: [{group, name, version, path}]}`."""
    if list(words) not in ([], ["--json"]):
        sys.stderr.write("usage: check-tools [--json]\n")
        return 2
    found = look()
    if words:
        print(json.dumps({"version": 1, "tools": found}, indent=2))
        return 0
    width = max((len(one["name"]) for one in found), default=0)
    for group in KNOWN:
        print(group)
        for one in found:
            if one["group"] == group:
                print(f"  {one['name'].ljust(width)}  {one['version']}")
    return 0


def look() -> list[dict[str, str]]:
    """Those that are there, in the order in which they are known; `version` is `?` where a program does not tell."""
    wanted = [(group, command.split()) for group, commands in KNOWN.items() for command in commands]
    present = [(group, command, shutil.which(command[0])) for group, command in wanted]
    with ThreadPoolExecutor(8) as pool:
        return list(
            pool.map(
                lambda one: {"group": one[0], "name": one[1][0], "version": _version(one[1]), "path": str(one[2])},
                [one for one in present if one[2]],
            )
        )


def _version(command: Sequence[str]) -> str:
    quiet = {name: value for name, value in os.environ.items() if name != "JAVA_TOOL_OPTIONS"}
    try:
        done = subprocess.run(
            command,
            env=quiet,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    found = _VERSION.search(done.stdout.decode("utf-8", "replace"))
    return found.group() if found else "?"
