"""Declarations and quick verbs beside what one would do by hand: rows for the table of `run.py`."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from row import RUNS, Row, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
MANY = 10_000
_TURNS = 5


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """The quick verbs beside `python -c pass`, on declarations that have not changed; caches and settings apart."""
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch:
        toolkit = _Toolkit(scratch=Path(scratch))
        verbs = (
            (3, ("--version",)),
            (6, ("env", "list")),
            (6, ("remote-env", "python")),
            (6, ("network", "check", "python", "https://api.example.com/")),
            (8, ("--help",)),
            (8, ("remote", "--help")),
        )
        lines = ("toolkit re", "toolkit env show p", "toolkit stop ")
        for _ in range(2):  # the first call remembers, and `remote-env` writes a settings file that is new to the next
            for _, words in verbs:
                toolkit(ROOT, *words)
        toolkit.complete(lines[0])
        yield tuple(
            Row(name=name, yardstick="python -c pass", goal=goal, ours=ours, theirs=_nothing)
            for name, goal, ours in (
                *((f"toolkit {' '.join(words[:2])}", goal, partial(toolkit, ROOT, *words)) for goal, words in verbs),
                *((f"completion of: {line}", 3, partial(toolkit.complete, line)) for line in lines),
            )
        )


def validation() -> list[tuple[str, str, float, float]]:
    """Name, yardstick, ratio and goal of `validate` over many environments, once fresh and once unchanged.

    The loop by hand goes over the same files in slices, and between them ours over all of them.
    """
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch:
        toolkit = _Toolkit(scratch=Path(scratch))
        root = Path(scratch) / "many"
        _lay_down(root)
        files = sorted((root / "envs").iterdir())
        loop = 0.0
        fresh, again = [], []
        for turn in range(_TURNS):
            loop += seconds(lambda part=files[turn::_TURNS]: _by_hand(part))
            shutil.rmtree(Path(scratch) / "cache", ignore_errors=True)
            fresh.append(seconds(lambda: toolkit(root, "validate")))
            again.append(statistics.median(seconds(lambda: toolkit(root, "validate")) for _ in range(RUNS)))
    first, second = statistics.median(fresh), statistics.median(again)
    return [
        (f"toolkit validate, {MANY} files", "ruamel round-trip + jsonschema", first / loop, 1 / 15),
        ("the same again, unchanged", "the first time", second / first, 0.06),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Toolkit:
    scratch: Path

    def __call__(self, root: Path, *words: str) -> None:
        """The exit code is left alone: `network check` says no with it."""
        self._run(*(() if words == ("--version",) else ("--root", str(root))), *words)

    def complete(self, line: str) -> None:
        """What a shell's completion script calls when Tab is pressed."""
        self._run(_TOOLKIT_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=line)

    def _run(self, *words: str, **variables: str) -> None:
        folders = {f"XDG_{name.upper()}_HOME": str(self.scratch / name) for name in ("cache", "config", "state")}
        argv = (sys.executable, "-m", "toolkit", *words)
        around = {**os.environ, **folders, **variables}
        done = subprocess.run(argv, capture_output=True, timeout=600, check=False, env=around, cwd=ROOT)
        assert done.returncode in {0, 1}, done.stderr


def _nothing() -> None:
    """Its output is captured too: without pipes a wait with a timeout polls, ever more slowly, and would flatter us."""
    subprocess.run((sys.executable, "-c", "pass"), capture_output=True, check=True, timeout=60)


def _by_hand(files: Sequence[Path]) -> None:
    from jsonschema import Draft202012Validator
    from ruamel.yaml import YAML

    yaml = YAML()
    schema = Draft202012Validator(json.loads((ROOT / "schemas/environment.schema.json").read_text(encoding="utf-8")))
    for path in files:
        assert not list(schema.iter_errors(yaml.load(path.read_text(encoding="utf-8"))))


def _lay_down(root: Path) -> None:
    (root / "envs").mkdir(parents=True)
    for index in range(MANY):
        name = f"env-{index:05}"
        (root / "envs" / f"{name}.yaml").write_text(_TEXT.format(name=name, index=index), encoding="utf-8")


_TEXT = """\
version: 1
name: {name}
description: Service number {index}
network:
  access: custom   # with the default list
  allow: [api{index}.example.com, "*.internal{index}.example.com"]
  include_defaults: true
  deny: [telemetry.example.com]
  secrets:
    - name: billing
      hosts: [billing{index}.example.com]
      header: Authorization
      prefix: "Bearer "
      from: {{env: BILLING_TOKEN}}
variables: |
  NODE_ENV=development
  LOG_LEVEL=debug
image:
  base: debian:bookworm-slim
  packages: {{apt: [nodejs, npm], pip: [], npm: []}}
setup:
  script: |
    npm install --global pnpm
  timeout: 5m
hooks:
  session_start:
    - {{matcher: startup|resume, command: pnpm install, timeout: 600}}
resources: {{cpus: 4, memory: 16g, disk: 30g, pids: 2048}}
session: {{idle_timeout: 30m, max_age: 24h}}
"""
