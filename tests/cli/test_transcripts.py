"""The commands that the documentation shows, typed as shown: those that need no engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import pages, stage
from tests.support.replay import reader, replay

if TYPE_CHECKING:
    from tests.support.transcript_page import Page


_PAGES = pages()
_REPLAYED = [page for page in _PAGES if page.replayed and not page.needs_engine]


@pytest.mark.parametrize("page", _REPLAYED, ids=lambda page: page.path)
def test_the_page_is_true(page: Page, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with reader(stage(page, tmp_path), {**os.environ, "PATH": path}, seconds=100) as shell:
        replay(page, shell)


def test_what_is_not_replayed_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    left_out = [line for page in _PAGES for line in page.left_out]
    with capsys.disabled():
        print("\nshown and not replayed:", *left_out, sep="\n  ")  # noqa: T201 -- the run's reader is to see it
    assert all(len(line.partition(": ")[2].split()) > 2 for line in left_out)
