"""The harness that replays the documentation's commands: it must be able to fail."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.replay import reader, replay
from tests.support.transcript_match import Mismatch, match, substitute
from tests.support.transcript_page import Block, PageError, Shown, parse

if TYPE_CHECKING:
    from pathlib import Path


def console(*lines: str, said: str = "") -> str:
    directive = f"<!-- replay: {said} -->\n" if said else ""
    return "\n".join((f"{directive}```console", *lines, "```", ""))


def test_a_page_is_its_files_and_its_commands_in_order() -> None:
    page = parse(
        "# Page\n<!-- replay: engine -->\n\n<!-- replay: file a/b.yaml -->\n```yaml\nx: 1\n```\n"
        + console("$ cat <<END", "> one", "> END", "one", "", "$ true")
        + console("$ sudo reboot", said="not run: it would end the test"),
        path="docs/page.md",
    )

    shown, block, left_out = page.steps
    assert isinstance(shown, Shown)
    assert (shown.path, shown.text) == ("a/b.yaml", "x: 1\n")
    assert isinstance(block, Block)
    assert [(one.line, one.text, one.output) for one in block.commands] == [
        (9, "cat <<END\none\nEND", ("one", "")),
        (14, "true", ()),
    ]
    assert isinstance(left_out, Block)
    assert page.needs_engine
    assert list(page.left_out) == ["docs/page.md:17: it would end the test"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```\ntoolkit tasks\n```\n", "p.md:1: commands stand in blocks of the language console"),
        ("```sh\n$ ls\n```\n", "p.md:1: commands stand in blocks of the language console"),
        (console("toolkit tasks"), "p.md:2: a console block begins with '$ '"),
        (console("$ true", said="sometimes"), "p.md:2: no directive is called 'replay: sometimes'"),
        ("<!-- replay: exit 1 -->\ntext\n", "p.md:1: no block follows"),
        ("<!-- replay: exit 1 -->\n<!-- replay: exit 2 -->\n", "p.md:1: no block follows"),
        ("<!-- replay: exit 1 -->\n```yaml\n```\n", "p.md:2: 'replay: exit 1' is for console blocks"),
        ("<!-- replay exit 1 -->\n", "p.md:1: not a directive"),
        ("```console\n$ true\n", "p.md:1: this block does not end"),
        ("- x\n\n  ```console\n  $ true\n  ```\n", "p.md:3: a console block begins at the line's start"),
    ],
)
def test_what_the_grammar_has_no_rule_for_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(PageError, match=re.escape(problem)):
        parse(text, path="p.md")


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a  b", "a      b"),
        ("took 0.8 s", "took 12.25 s"),
        ("at 10.213.39.232/29", "at 10.0.0.8/29"),
        ("since 2026-11-25 09:30", "since 2027-01-02 10:11"),
        ("image 6f2ffa0693c7 of calm-otter-3f9a", "image 0123456789ab of deep-mouse-8797"),
        ("one …", "one two three"),
        ("…\nlast", "first\nsecond\nlast"),
        ("…\nlast", "last"),
    ],
)
def test_what_differs_from_run_to_run_is_the_same(shown: str, printed: str) -> None:
    match(tuple(shown.splitlines()), printed, {})


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one", "two"),
        ("one", "one\ntwo"),
        ("one\ntwo", "one"),
        ("took 0.8 s", "took long"),
        ("image 6f2ffa0693c7", "image none"),
        ("3 files", "4 files"),
        ("calm-otter-3f9a calm-otter-3f9a", "calm-otter-3f9a deep-mouse-8797"),
        ("…\nlast", "last\nfirst"),
        ("a.c", "abc"),
    ],
)
def test_what_differs_in_meaning_is_told(shown: str, printed: str) -> None:
    with pytest.raises(Mismatch):
        match(tuple(shown.splitlines()), printed, {})


def test_a_name_means_the_same_on_the_whole_page() -> None:
    known = match(("started calm-otter-3f9a",), "started deep-mouse-8797", {})

    assert substitute("toolkit logs calm-otter-3f9a -f", known) == "toolkit logs deep-mouse-8797 -f"
    assert match(("calm-otter-3f9a ended",), "deep-mouse-8797 ended", known) == known
    with pytest.raises(Mismatch):
        match(("calm-otter-3f9a ended",), "calm-otter-3f9a ended", known)


def test_commands_share_one_shell(tmp_path: Path) -> None:
    page = parse(
        "<!-- replay: file work/name.txt -->\n```\ndeep-mouse-8797\n```\n"
        + console("$ cat work/name.txt", "calm-otter-3f9a", "$ cd work && export WHO=calm-otter-3f9a", "$ echo $WHO")
        + console("$ echo $WHO in $(pwd); false", "calm-otter-3f9a in …/work", said="exit 1"),
        path="p.md",
    )
    with reader(tmp_path, os.environ) as shell:
        assert replay(page, shell) == {"calm-otter-3f9a": "deep-mouse-8797"}


@pytest.mark.parametrize(
    ("lines", "said", "problem"),
    [
        (("$ false",), "", "p.md:2: $ false\nexit code 1, not 0"),
        (("$ true",), "exit 1", "p.md:3: $ true\nexit code 0, not 1"),
        (("$ false", "$ true"), "", "p.md:2: $ false\nexit code 1, not 0"),
        (("$ true", "$ echo one", "two"), "", "p.md:3: $ echo one\n- two"),
        (("$ exit 0",), "", "the shell ended"),
    ],
)
def test_a_command_that_does_otherwise_fails_with_its_place(
    lines: tuple[str, ...], said: str, problem: str, tmp_path: Path
) -> None:
    page = parse(console(*lines, said=said), path="p.md")
    with reader(tmp_path, os.environ) as shell, pytest.raises(AssertionError, match=re.escape(problem)):
        replay(page, shell)


def test_a_command_that_hangs_ends_with_the_bound(tmp_path: Path) -> None:
    page = parse(console("$ sleep 100"), path="p.md")
    with reader(tmp_path, os.environ, seconds=0.5) as shell, pytest.raises(AssertionError, match="or its time did"):
        replay(page, shell)
