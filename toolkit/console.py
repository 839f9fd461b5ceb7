"""The only importer of rich: what goes to the terminal. Data on stdout, all else on stderr.

rich itself is loaded on first use, so that quick commands stay quick.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager

from toolkit.model.event import Phase
from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.table import Table

    from toolkit.diagnostics import Diagnostic
    from toolkit.model.event import Event, OnEvent

_MARKS = {
    Phase.STARTED: ("…", "cyan"),
    Phase.PROGRESS: ("·", "dim"),
    Phase.DONE: ("✓", "green"),
    Phase.FAILED: ("✗", "red"),
    Phase.NOTE: ("i", "cyan"),
    Phase.WARNING: ("!", "yellow"),
}


class Console(Record):
    """How this call talks: `as_json` one document on stdout; `quiet` no progress; `verbose` every detail."""

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    @property
    def interactive(self) -> bool:
        """A person can be asked."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.as_json

    def line(self, text: str = "") -> None:
        """A line of data on stdout."""
        sys.stdout.write(text + "\n")

    def document(self, body: Mapping[str, object]) -> None:
        """The one JSON document of this call."""
        sys.stdout.write(json.dumps({"version": 1, **body}, indent=2, ensure_ascii=False) + "\n")

    def note(self, text: str) -> None:
        """A remark on stderr; silent under --quiet."""
        if not self.quiet:
            sys.stderr.write(text + "\n")

    def warn(self, text: str) -> None:
        sys.stderr.write(self._paint("warning: ", "yellow") + text + "\n")

    def error(self, message: str, *, hint: str = "", diagnostics: Sequence[Diagnostic] = ()) -> None:
        for one in diagnostics:
            sys.stderr.write(f"{one}\n")
        sys.stderr.write(self._paint("error: ", "red") + message + "\n")
        if hint:
            sys.stderr.write(f"  hint: {hint}\n")

    def event(self, event: Event) -> None:
        """One line a step; progress lines only with --verbose or for a person at a terminal."""
        if self.quiet or (event.phase is Phase.PROGRESS and not (self.verbose or sys.stderr.isatty())):
            return
        if event.phase is Phase.STARTED and not sys.stderr.isatty():
            return
        mark, color = _MARKS[event.phase]
        sys.stderr.write(f"{self._paint(mark, color)} {event.text}\n")
        sys.stderr.flush()

    @contextmanager
    def steps(self) -> Iterator[OnEvent]:
        """For long work: takes its events. A person at a terminal sees what runs, live; else as `event` has it."""
        if self.quiet or self.verbose or not sys.stderr.isatty():
            yield self.event
            return
        from rich.console import Console as RichConsole

        from toolkit.live import LiveSteps

        plain = not self.colored
        with LiveSteps(RichConsole(stderr=True, no_color=plain or None, markup=False, highlight=False), _MARKS) as live:
            yield live.take

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table on stdout: rich's on a terminal, aligned plain text elsewhere."""
        if sys.stdout.isatty():
            self._rich_table(columns, rows)
            return
        for cells in _aligned([list(columns), *map(list, rows)]):
            sys.stdout.write(cells.rstrip() + "\n")

    def live_table(self, columns: Sequence[str], frames: Iterable[Sequence[Sequence[str]]]) -> None:
        """A table on a terminal that shows one frame after the other, in one place; the last one stays."""
        from rich.console import Console as RichConsole
        from rich.live import Live

        screen = RichConsole(no_color=self.no_color or None, markup=False)
        with Live(console=screen, auto_refresh=False) as live:
            for rows in frames:
                live.update(_table(columns, rows), refresh=True)

    def confirm(self, question: str) -> bool:
        """Ask a person; no answer is a no."""
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    @property
    def colored(self) -> bool:
        return sys.stderr.isatty() and not self.no_color and not os.environ.get("NO_COLOR")

    def _paint(self, text: str, color: str) -> str:
        codes = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2"}
        return f"\x1b[{codes[color]}m{text}\x1b[0m" if self.colored else text

    def _rich_table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich.console import Console as RichConsole

        RichConsole(no_color=self.no_color or None, markup=False).print(_table(columns, rows))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
