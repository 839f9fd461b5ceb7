"""The pages whose commands are replayed, and what their reader has before the first one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.git import git
from tests.support.transcript_page import read

if TYPE_CHECKING:
    from tests.support.transcript_page import Page

CHECKOUT = Path(__file__).resolve().parents[2]
_PLACES = ("*.md", "docs/**/*.md", "examples/*/README.md")
_NO_PAGES = frozenset({"CHANGELOG.md"})
_LEFT_BY_OTHERS = shutil.ignore_patterns(".toolkit", "__pycache__", "node_modules", "*.pyc")


def pages() -> list[Page]:
    """Every page of the checkout that may show commands."""
    found = sorted({path for place in _PLACES for path in CHECKOUT.glob(place)})
    return [read(path, checkout=CHECKOUT) for path in found if path.name not in _NO_PAGES]


def stage(page: Page, folder: Path) -> Path:
    """The reader's checkout: the page's folder (else nothing) on `main`, pushed to its remote `origin`, a bare one."""
    origin = folder / "origin" / "shop.git"
    git(_made(origin), "init", "-q", "--bare", "-b", "main")
    checkout = folder / "shop"
    if page.folder:
        shutil.copytree(CHECKOUT / page.folder, checkout, ignore=_LEFT_BY_OTHERS)
    git(_made(checkout), "init", "-q", "-b", "main")
    for key, value in (("user.name", "Reader"), ("user.email", "reader@example.com")):
        git(checkout, "config", key, value)
    git(checkout, "remote", "add", "origin", str(origin))
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "Begin")
    git(checkout, "push", "-q", "-u", "origin", "main")
    return checkout


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
