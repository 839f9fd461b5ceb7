"""What a terminal shows of steps that run: lines at its foot, and above them what stays."""

from __future__ import annotations

import io
import re

from rich.console import Console

from toolkit.console import _MARKS
from toolkit.live import LiveSteps
from toolkit.model.event import Event, Phase


def foot_of(steps: LiveSteps) -> list[str]:
    """The lines at the foot as they stand, of a terminal of 80 columns."""
    out = io.StringIO()
    Console(file=out, width=80).print(steps._table())
    return [line for line in out.getvalue().splitlines() if line.strip()]


def event(name: str, phase: Phase, text: str) -> Event:
    return Event(step=f"image {name}", phase=phase, text=f"image {name}: {text}")


def test_each_step_that_runs_has_a_line_and_leaves_one() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None)
    with LiveSteps(console, _MARKS) as steps:
        steps.take(event("web", Phase.STARTED, "building"))
        steps.take(event("batch", Phase.STARTED, "building"))
        steps.take(event("web", Phase.PROGRESS, "Step 3/9 : RUN apt-get install [a] " + "x" * 100))
        foot = foot_of(steps)
        assert re.search(r"image web: building +0 s Step 3/9 : RUN apt-get install \[a\] x", foot[0])
        assert len(foot[0]) <= 80
        assert foot[0].rstrip().endswith("…")
        assert "image batch: building 0 s" in foot[1]
        steps.take(event("web", Phase.DONE, "built"))
        steps.take(event("batch", Phase.FAILED, "failed"))
        steps.take(Event(step="plugin", phase=Phase.NOTE, text="docker plugin: [ours]"))
        steps.take(event("nobody", Phase.PROGRESS, "a line of a step that never began"))
        assert foot_of(steps) == []
    told = out.getvalue()
    for line in ("✓ image web: built (0 s)", "✗ image batch: failed (0 s)", "i docker plugin: [ours]"):
        assert line in told
    assert "never began" not in told
    assert told.rstrip("\r").endswith("\x1b[?25h")  # the cursor is back
