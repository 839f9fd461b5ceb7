"""What the README promises on its first page."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import Toolkit

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
    """With the exports that the README gives, typed in infra/."""
    at_home("up", "--yes")
    # the three environments' images, and the gateways'
    assert at_home.json("preview")["summary"]["same"] == 4
    script = f'eval "$({" ".join(at_home.argv("env-vars"))})" && pulumi preview --stack local --expect-no-changes'
    done = subprocess.run(
        ["sh", "-c", script],
        cwd=CHECKOUT / "infra",
        env=at_home.variables(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "unchanged" in done.stdout
