"""Steps that run, as lines at the foot of a terminal: the console's live part, and like it an importer of rich.

What ends, and every remark, goes above as a line that stays.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from toolkit.model.event import Phase

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.console import RenderableType

    from toolkit.model.event import Event

_PER_SECOND = 8
_MINUTE = 60


class LiveSteps:
    """Use it with `with`; `take` may be called from any thread. `mark` is how the console begins a line that stays."""

    def __init__(self, console: RichConsole, mark: dict[Phase, tuple[str, str]]) -> None:
        self._mark = mark
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        # `transient`: what still runs when the block is left has been told, or is about to be
        self._live = Live(console=console, refresh_per_second=_PER_SECOND, transient=True, get_renderable=self._table)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def take(self, event: Event) -> None:
        with self._lock:
            if event.phase is Phase.STARTED:
                self._running[event.step] = _Running(event.text)
                return
            if event.phase is Phase.PROGRESS:
                running = self._running.get(event.step)
                if running is not None:
                    running.said = event.text
                return
            running = self._running.pop(event.step, None) if event.phase in {Phase.DONE, Phase.FAILED} else None
        mark, color = self._mark[event.phase]
        took = f" ({running.shown_seconds})" if running is not None else ""
        self._live.console.print(Text.assemble((f"{mark} ", color), event.text, (took, "dim")))

    def _table(self) -> RenderableType:
        with self._lock:
            running = list(self._running.values())
        table = Table.grid(padding=(0, 1), expand=True)  # so that the last column alone gives way
        for column in ("", "step", "seconds"):
            table.add_column(column, no_wrap=True)
        table.add_column("said", no_wrap=True, overflow="ellipsis", ratio=1)
        for one in running:
            table.add_row(one.spinner, one.text, Text(one.shown_seconds, "dim"), Text(one.last_words, "dim"))
        return table


class _Running:
    """A step under way, and the last that was heard of it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.said = ""
        self.spinner = Spinner("dots", style="cyan")
        self._began = time.monotonic()

    @property
    def shown_seconds(self) -> str:
        seconds = int(time.monotonic() - self._began)
        return f"{seconds // _MINUTE}:{seconds % _MINUTE:02}" if seconds >= _MINUTE else f"{seconds} s"

    @property
    def last_words(self) -> str:
        """Without what the step's own text says already."""
        subject = self.text.partition(": ")[0]
        return self.said.removeprefix(f"{subject}: ")
