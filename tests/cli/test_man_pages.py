"""The manual: a page for each verb, which `man` shows without a complaint, and nothing of `--help` is missing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from toolkit.cli.main import main
from toolkit.cli.tree import global_options, tree
from toolkit.model.manual import Entry, Verb
from toolkit.views.manual import pages

if TYPE_CHECKING:
    from pathlib import Path

_TREE = tree()
_VERBS = list(_TREE.below())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man")
    assert main(["--quiet", "man-pages", str(folder)]) == 0
    return folder / "man1"


def test_every_verb_of_help_has_a_page(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--help"])
    verbs = re.findall(r"^  ([a-z][a-z-]+) {2,}", capsys.readouterr().out, flags=re.MULTILINE)
    assert len(verbs) > 20
    assert {f"toolkit-{verb}.1" for verb in verbs} <= {path.name for path in written.iterdir()}
    assert (written / "toolkit-env-list.1").is_file()


def test_it_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man-pages", str(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["pages"] == sorted(path.name for path in (tmp_path / "man1").iterdir())


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "man1").write_text("a file")
    assert main(["man-pages", str(tmp_path)]) == 1
    assert f"cannot write {tmp_path}/man1" in capsys.readouterr().err


@pytest.mark.parametrize("verb", _VERBS, ids=lambda verb: verb.words)
def test_the_formatter_has_no_complaint_and_shows_all(verb: Verb, written: Path) -> None:
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed: tests/e2e/test_start.py has it on a machine of its own")
    page = written / f"{verb.words.replace(' ', '-')}.1"
    words = ("groff", "-man", "-Tutf8", "-ww", "-P-c", "-rLL=200n", str(page))
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    shown = " ".join(re.sub("[\b].|\x1b\\[[0-9;]*m", "", done.stdout).replace("−", "-").replace("‐", "-").split())
    for entry in (*verb.arguments, *verb.options, *global_options()):
        assert " ".join(entry.name.split()) in shown
    assert verb.usage in shown
    for child in verb.verbs:
        assert child.usage in shown


def test_no_text_is_taken_for_a_request() -> None:
    text = ".first 'line'\\n\n\n\b\n.so /etc/passwd\n'quoted"
    option = Entry(name='--say "TEXT"', text="'tis \\fBnothing")
    verb = Verb(
        words="toolkit x", summary="S.", text=text, usage="toolkit x", arguments=(), options=(option,), verbs=()
    )
    page = pages(verb, (), version="1")["toolkit-x.1"]
    requests = {line.split()[0] for line in page.splitlines() if line[:1] in {".", "'"}}
    assert requests == {".TH", ".SH", ".B", ".PP", ".nf", ".fi", ".TP"}
    assert "\\e" in page
    assert "\\f" not in page
