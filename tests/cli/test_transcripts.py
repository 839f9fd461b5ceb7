"""The commands that the documentation shows, typed as shown: those that need no engine; prose names what exists."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import CHECKOUT, pages, stage
from tests.support.replay import reader, replay
from toolkit.cli.tree import global_options, tree

if TYPE_CHECKING:
    from tests.support.transcript_page import Page
    from toolkit.model.manual import Verb

_IN_PROSE = re.compile(r"(?<!`)`toolkit ([^`\n]+)`")
_ANY_VERB = "COMMAND"
_OF_ALL = frozenset({"--help", "--version"})
_OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")

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


def wrong_with(words: str, program: Verb) -> str:
    """What `toolkit WORDS` says that the program does not have; empty: nothing."""
    verb = program
    for word in words.split():
        below = {one.words.rpartition(" ")[2]: one for one in verb.verbs}
        if word.startswith(("-", "[")) or word == _ANY_VERB or not below:
            break
        if word not in below:
            return f"toolkit {words}: '{verb.words}' has no '{word}'"
        verb = below[word]
    known = _OF_ALL | {each for one in (*verb.options, *global_options()) for each in _OPTION.findall(one.name)}
    unknown = [one for one in _OPTION.findall(words) if one not in known]
    return f"toolkit {words}: '{verb.words}' has no {', '.join(unknown)}" if unknown else ""


def test_prose_names_verbs_and_options_that_exist() -> None:
    program = tree()
    named = [(page.path, words) for page in _PAGES for words in _IN_PROSE.findall((CHECKOUT / page.path).read_text())]
    assert len(named) > 100
    assert [f"{path}: {wrong}" for path, words in named if (wrong := wrong_with(words, program))] == []


@pytest.mark.parametrize("words", ["verfy web", "env lst", "verify web --junitt x", "up -x", "env --every list"])
def test_what_prose_may_not_name(words: str) -> None:
    assert wrong_with(words, tree())
