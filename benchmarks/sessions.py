"""Sessions beside what one would do by hand: start, many at once, list, remove.

All in the environment `default`, whose image and snapshot are there; the repository is a small one of this machine.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from row import RUNS, Row, cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

AT_ONCE = 8
MANY = 40
_CLIENTS = 4
_ROUNDS = 2  # of the eight in a row, which take long
_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """`toolkit`: the words that start it; `image`: the reference of the environment's image; `scratch`: a folder."""

    toolkit: Sequence[str]
    image: str
    repository: Path
    scratch: Path

    def start(self) -> str:
        """A session whose agent has begun; its id."""
        words = ("remote", "true", "--env", "default", "--json", "--repo", str(self.repository))
        return str(json.loads(run(*self.toolkit, *words))["session"]["id"])

    def remove(self, session: str) -> None:
        run(*self.toolkit, "rm", session, "--yes")

    def by_hand(self) -> None:
        clone = self.scratch / "clone"
        run("git", "clone", "-q", str(self.repository), str(clone))
        run("docker", "run", "--rm", "-v", f"{clone}:/workspace/shop", self.image, "true")
        shutil.rmtree(clone)


def rows(bench: Bench) -> list[list[str]]:
    """The rows of the table, measured one after the other."""
    with _sessions(bench) as made:
        start = Row(
            name="toolkit remote true, to its first command",
            yardstick="git clone + docker run --rm",
            goal=1.0,
            ours=lambda: made.append(bench.start()),
            theirs=bench.by_hand,
        )
        table = [cells(start), cells(_at_once(bench, made), runs=_ROUNDS)]
        with ThreadPoolExecutor(_CLIENTS) as clients:
            made.extend(clients.map(lambda _: bench.start(), range(MANY - len(made))))
        table.append(cells(_listing(bench, len(made))))
        with _plain_containers(bench) as plain:
            table.append(
                cells(
                    Row(
                        name="toolkit rm",
                        yardstick="docker rm -f",
                        goal=1.5,
                        ours=lambda: bench.remove(made.pop()),
                        theirs=lambda: run("docker", "rm", "-f", plain.pop()),
                    )
                )
            )
    return table


def _at_once(bench: Bench, made: list[str]) -> Row:
    def together() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            made.extend(pool.map(lambda _: bench.start(), range(AT_ONCE)))

    def in_a_row() -> None:
        made.extend(bench.start() for _ in range(AT_ONCE))

    return Row(
        name=f"{AT_ONCE} sessions at once",
        yardstick=f"{AT_ONCE} one after the other",
        goal=0.7,
        ours=together,
        theirs=in_a_row,
    )


def _listing(bench: Bench, count: int) -> Row:
    return Row(
        name=f"toolkit tasks, {count} sessions",
        yardstick="docker ps",
        goal=3,
        ours=lambda: run(*bench.toolkit, "tasks"),
        theirs=lambda: run("docker", "ps"),
    )


@contextmanager
def _sessions(bench: Bench) -> Iterator[list[str]]:
    """Ids of sessions; those that are still in the list at the end are removed."""
    made: list[str] = []
    try:
        yield made
    finally:
        with ThreadPoolExecutor(_CLIENTS) as clients:
            list(clients.map(bench.remove, made))


@contextmanager
def _plain_containers(bench: Bench) -> Iterator[list[str]]:
    """As many as are removed: they run, with an init, so that none waits to be killed."""
    with ExitStack() as undo:
        made = [run("docker", "run", "-d", "--init", bench.image, "sleep", "600").strip() for _ in range(RUNS)]
        undo.callback(lambda: made and run("docker", "rm", "-f", *made))
        yield made


def run(*argv: str) -> str:
    """Its standard output; CalledProcessError where it fails."""
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=_SECONDS).stdout
