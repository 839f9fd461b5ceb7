"""`make bench`: the product beside what a user would do by hand, in one run, as ratios.

Every row is measured in turns with its yardstick, so that both see the same machine; absolute times mean nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import declarations
import gateways
import network
import provisioning
import repository
import sessions
from row import Row, cells

from toolkit.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
TOOLKIT = (sys.executable, "-m", "toolkit", "--root", str(ROOT))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch:
        small = _repository(Path(scratch))
        with declarations.rows() as quick:
            table = [cells(row) for row in (*quick, *_engine_rows())]
        image = json.loads(_run(*TOOLKIT, "up", "default", "--yes", "--json"))["images"]["default"]["reference"]
        bench = sessions.Bench(toolkit=TOOLKIT, image=image, repository=small, scratch=Path(scratch))
        table += sessions.rows(bench)
    for name, yardstick, ratio, goal in declarations.validation():
        table.append([name, yardstick, f"{ratio:.3f}", "–", f"≤ {goal:.3f}"])
    with provisioning.rows() as images:
        table += [cells(row) for row in images]
    table += network.rows(TOOLKIT[:3])
    table += gateways.rows(TOOLKIT[:3])
    table += repository.rows(TOOLKIT[:3])
    Console().table(("WHAT", "BESIDE", "RATIO", "SPREAD", "GOAL"), table)
    return 0


def _engine_rows() -> tuple[Row, ...]:
    nothing = _command(sys.executable, "-c", "pass")
    return (
        Row(
            name="toolkit up, nothing to do",
            yardstick="python -c pass",
            goal=8,
            ours=_toolkit("up", "default"),
            theirs=nothing,
        ),
    )


def _repository(folder: Path) -> Path:
    repository = folder / "shop"
    repository.mkdir()
    for index in range(200):
        (repository / f"file{index}.txt").write_text("line\n" * 50)
    _run("git", "-C", str(repository), "init", "-q")
    _run("git", "-C", str(repository), "add", ".")
    identity = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com")
    _run("git", "-C", str(repository), *identity, "commit", "-q", "-m", "one")
    return repository


def _toolkit(*words: str) -> Callable[[], object]:
    return _command(*TOOLKIT, *words)


def _command(*argv: str) -> Callable[[], object]:
    return lambda: _run(*argv)


def _run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=300, cwd=ROOT).stdout


if __name__ == "__main__":
    sys.exit(main())
