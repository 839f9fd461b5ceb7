"""The command line as a user starts it: a process of its own, always with a bound."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolkit:
    """`toolkit` with a root, run in `cwd`; `environment` is added to this process's own."""

    root: Path
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self, *words: str, code: int | None = 0, stdin: str = "", seconds: float = SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end; `code` is what it must exit with, None for any."""
        done = subprocess.run(
            self.argv(*words),
            cwd=self.cwd,
            env=self.variables(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        text = f"toolkit {' '.join(words)} → {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert code is None or done.returncode == code, text
        return done

    def json(self, *words: str, code: int | None = 0) -> dict[str, Any]:
        """The one document that `--json` prints."""
        document = json.loads(self(*words, "--json", code=code).stdout)
        assert document["version"] == 1
        return dict(document)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start it and return at once; it is the leader of a group of its own."""
        return subprocess.Popen(
            self.argv(*words),
            cwd=self.cwd,
            env=self.variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "toolkit", "--root", str(self.root), *words]

    def variables(self) -> dict[str, str]:
        return {**os.environ, **self.environment}
