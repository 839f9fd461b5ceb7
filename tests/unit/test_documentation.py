"""The documentation's site: it builds with all its links; its reference is the program's, its messages the code's."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from toolkit.cli.tree import tree
from tools.documentation import staging
from tools.documentation.staging import CHECKOUT, LinkError, configuration, stage

if TYPE_CHECKING:
    from pathlib import Path

_GAP = "…"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("zensical") is None and os.environ.get("TOOLKIT_E2E") != "required":
        pytest.skip("zensical is not installed: make setup")
    folder = tmp_path_factory.mktemp("build")
    words = [sys.executable, "-m", "tools.documentation", str(folder)]
    nowhere = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        words, cwd=CHECKOUT, env={**os.environ, **nowhere}, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_is_there_and_in_the_navigation(site: Path) -> None:
    pages = [path for path in (CHECKOUT / "docs").rglob("*.md") if path.name != "index.md"]
    assert len(pages) > 5
    home = (site / "index.html").read_text("utf-8")
    for path in pages:
        name = path.relative_to(CHECKOUT / "docs").with_suffix("").as_posix()
        assert (site / name / "index.html").is_file()
        assert f'href="./{name}/"' in home
    for example in (CHECKOUT / "examples").glob("*/README.md"):
        assert f'href="./examples/{example.parent.name}/"' in home


def test_no_page_asks_anybody_for_anything(site: Path) -> None:
    """Fonts, scripts and pictures are the site's own."""
    for page in site.rglob("*.html"):
        assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(?:https?:)?//[^\"]+", page.read_text("utf-8"))


def test_the_reference_has_every_verb_and_every_key(site: Path) -> None:
    commands = (site / "reference/commands/index.html").read_text("utf-8")
    for verb in tree().below():
        assert verb.words in commands
    environment = (site / "reference/environment/index.html").read_text("utf-8")
    for key in ("network.secrets[].from", "image.packages.apt", "hooks.session_start[].timeout", "push.branches"):
        assert f'id="{re.sub(r"[^a-z0-9_-]", "", key)}"' in environment
    assert "site.egress.network" in (site / "reference/settings/index.html").read_text("utf-8")


def test_a_broken_link_is_no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text("# A\n\n[there](nowhere.md)\n")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "zensical.toml"):
        (tmp_path / name).write_text((CHECKOUT / name).read_text("utf-8"))
    monkeypatch.setattr(staging, "CHECKOUT", tmp_path)
    with pytest.raises(LinkError, match=r"docs/index\.md: there is no nowhere\.md"):
        stage(tmp_path / "build")


def test_what_the_navigation_does_not_name_is_below_more(tmp_path: Path) -> None:
    pages = {**stage(tmp_path / "pages"), "new-page.md": 'A "new" page'}
    assert '{ "More" = [' in configuration(pages)
    assert '{ "A \\"new\\" page" = "new-page.md" }' in configuration(pages)


def test_every_message_of_the_troubleshooting_page_is_one_of_the_codes() -> None:
    page = (CHECKOUT / "docs/troubleshooting.md").read_text("utf-8")
    shown = re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)
    assert len(shown) > 20
    known = {text for path in (CHECKOUT / "toolkit").rglob("*.py") for text in _texts(path)}
    assert [message for message in shown if not any(_is_said_by(message, text) for text in known)] == []


def _texts(path: Path) -> set[str]:
    """The string literals of a module; what an f-string puts in is a gap."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            found.add("".join(str(one.value) if isinstance(one, ast.Constant) else _GAP for one in node.values))
    return found


def _is_said_by(message: str, text: str) -> bool:
    """The code's text, or what it begins with where the page ends in a gap."""
    return text == message or (message.endswith(_GAP) and text.startswith(message[:-1]) and len(message) > 10)
