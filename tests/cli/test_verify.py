"""`toolkit verify` before anything starts, and what it shows in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from toolkit.cli.main import main
from toolkit.console import Console
from toolkit.model.verification import Proof, Verdict, Verification
from toolkit.views import verification as views

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Verification(
    environment="web",
    checks=(
        Proof(
            name="verify: say \x1b[31m", status=Verdict.FAIL, detail="it printed <\x00\x1b[2J>\nand more", seconds=0.25
        ),
        Proof(name="setup", status=Verdict.SKIP, detail="no setup script is declared"),
        Proof(name="image", status=Verdict.PASS, detail="build 0123"),
    ),
)


@pytest.mark.parametrize("words", [[], ["web", "--all"]])
def test_one_environment_or_all(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", *words]) == 2
    assert "name one environment, or --all" in capsys.readouterr().err


def test_a_report_that_cannot_be_written_is_told_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "envs").mkdir()
    assert main(["--root", str(tmp_path), "verify", "web", "--junit", str(tmp_path / "no" / "report.xml")]) == 1
    assert f"cannot write {tmp_path}/no/report.xml: No such file" in capsys.readouterr().err


def test_the_report_is_well_formed_whatever_was_printed() -> None:
    suite = ET.fromstring(views.junit([FOUND]))[0]
    assert [suite.get(one) for one in ("name", "tests", "failures", "skipped")] == ["web", "3", "1", "1"]
    failed, skipped, passed = suite
    assert (failed.get("name"), failed.get("time")) == ("verify: say ·[31m", "0.250")
    assert failed[0].get("message") == "it printed <··[2J>\nand more"
    assert (skipped[0].tag, len(passed)) == ("skipped", 0)


def test_the_table_obeys_nothing_that_was_printed(capsys: pytest.CaptureFixture[str]) -> None:
    views.show(Console(), [FOUND], one=True)
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out
    assert "it printed <··[2J>" in shown.out
    assert "3 checks, 1 failed" in shown.err
