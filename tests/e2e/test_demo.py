"""What the README promises on its first page."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Toolkit
from tests.support.transcript_page import Block, read

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def at_home(provisioned: Toolkit) -> Toolkit:
    """This checkout, with this machine's site settings."""
    site = {"XDG_CONFIG_HOME": provisioned.environment["XDG_CONFIG_HOME"]}
    return Toolkit(root=CHECKOUT, cwd=CHECKOUT, environment=site)


def test_the_demo_ends_well(at_home: Toolkit, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(CHECKOUT / "examples" / "demo" / "run")],
        cwd=tmp_path,
        env={**at_home.variables(), "PATH": f"{CHECKOUT}/.venv/bin:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert "1 passed" in done.stdout
    assert "Multiply the quantity by the price" in done.stdout
    assert "toolkit rm" in done.stdout


def test_plain_pulumi_agrees_with_toolkit(at_home: Toolkit) -> None:
    """As the README shows it, word by word."""
    at_home("up", "--yes")
    # the three environments' images, and the gateways'
    assert at_home.json("preview")["summary"]["same"] == 4
    page = read(CHECKOUT / "README.md", checkout=CHECKOUT)
    shown = next(step for step in page.steps if isinstance(step, Block) and "pulumi preview" in step.commands[-1].text)
    done = subprocess.run(
        ["bash", "-c", "\n".join(("set -e", *(one.text for one in shown.commands)))],
        cwd=CHECKOUT,
        env=at_home.variables(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchanged" in done.stdout
    assert not re.search(r"\bto (create|update|replace|delete)\b", done.stdout)
