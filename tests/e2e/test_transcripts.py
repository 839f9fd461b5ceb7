"""The commands that the documentation and the examples show, typed as shown: those that need an engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import Toolkit
from tests.support.pages import pages, stage
from tests.support.replay import reader, replay
from tests.support.site import site_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.transcript_page import Page

_ON_A_MACHINE_OF_ITS_OWN = "docs/start.md"  # test_start.py
_PAGES = [page for page in pages() if page.needs_engine and page.path != _ON_A_MACHINE_OF_ITS_OWN]


@pytest.fixture
def environment(tmp_path: Path) -> Mapping[str, str]:
    """A reader's: toolkit in the path, this machine's site settings, folders of their own for the rest."""
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "XDG_CONFIG_HOME": str(site_settings(tmp_path / "config")),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture
def reading(environment: Mapping[str, str], tmp_path: Path) -> Iterator[Path]:
    """The reader's folder; afterwards the sessions on its repositories and the images of its roots are gone."""
    folder = tmp_path / "reader"
    folder.mkdir()
    yield folder
    toolkit = Toolkit(root=folder, cwd=folder, environment=environment)
    for session in toolkit.json("tasks", "--all")["sessions"]:
        if session["repository"].startswith(str(folder)):
            toolkit("rm", session["id"], "--yes", "--force")
    for state in folder.glob("*/.toolkit/pulumi"):
        root = state.parents[1]
        Toolkit(root=root, cwd=root, environment=environment)("destroy", "--yes")


@pytest.mark.timeout(900)  # images with a browser or a database, on a busy machine
@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.path)
def test_the_page_is_true(page: Page, environment: Mapping[str, str], reading: Path, others: frozenset[str]) -> None:
    with reader(stage(page, reading), environment, seconds=800) as shell:
        replay(page, shell, others=others)
