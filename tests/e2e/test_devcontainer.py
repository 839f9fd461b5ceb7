"""An exported devcontainer.json, read back by the reference implementation of the format."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import main

_SECONDS = 240.0
_WEB = """\
version: 1
name: web
network: {access: none}
variables: |
  NODE_ENV=development
  GREETING="it's # ${HOME}"
  LINES='one
  two'
image:
  packages: {apt: [nodejs, npm], npm: [pnpm@9]}
setup:
  script: |
    npm install --global pnpm
    echo "${PATH}"
hooks:
  session_start:
    - {matcher: startup|resume, command: pnpm install}
    - {command: echo ready}
resources: {cpus: 1.5, memory: 2g, disk: 30g, pids: 512}
"""


@pytest.fixture(scope="module")
def devcontainer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `devcontainer` program: the one on PATH, else installed from npm into a folder of its own."""
    found = shutil.which("devcontainer")
    if found:
        return Path(found)
    if shutil.which("npm") is None:
        if os.environ.get("TOOLKIT_E2E") == "required":
            pytest.fail("there is neither devcontainer nor npm on PATH")
        pytest.skip("there is neither devcontainer nor npm on PATH")
    folder = tmp_path_factory.mktemp("npm")
    argv = ("npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "@devcontainers/cli")
    subprocess.run(argv, check=True, capture_output=True, timeout=_SECONDS)
    return folder / "node_modules/.bin/devcontainer"


def _read(devcontainer: Path, folder: Path) -> dict[str, Any]:
    argv = (str(devcontainer), "read-configuration", "--workspace-folder", str(folder))
    said = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=_SECONDS).stdout
    found: dict[str, Any] = json.loads(said)["configuration"]
    return found


def test_what_is_exported_reads_as_it_was_meant(devcontainer: Path, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "envs").mkdir(parents=True)
    (root / "envs/web.yaml").write_text(_WEB, encoding="utf-8")

    assert main(["--root", str(root), "env", "export", "web"]) == 0
    found = _read(devcontainer, root)
    del found["configFilePath"]

    assert found == {
        "name": "web",
        "build": {"dockerfile": "Dockerfile"},
        "remoteUser": "root",
        "containerEnv": {"GREETING": "it's # ${HOME}", "LINES": "one\ntwo", "NODE_ENV": "development"},
        "hostRequirements": {"cpus": 2, "memory": "2gb", "storage": "30gb"},
        "runArgs": ["--cpus=1.5", "--memory=2g", "--pids-limit=512"],
        "onCreateCommand": ["bash", "-e", "-c", 'npm install --global pnpm\necho "${PATH}"\n'],
        "postStartCommand": {
            "hook-1": ["bash", "-c", "pnpm install"],
            "hook-2": ["bash", "-c", "echo ready"],
        },
    }


def test_what_it_reads_with_comments_is_imported(devcontainer: Path, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / "envs").mkdir(parents=True)
    file = root / ".devcontainer/devcontainer.json"
    file.parent.mkdir()
    file.write_text('{\n  // a comment\n  "image": "debian:trixie", /* more */\n  "containerEnv": {"A": "1",},\n}\n')

    assert _read(devcontainer, root)["containerEnv"] == {"A": "1"}
    assert main(["--root", str(root), "env", "import", str(file), "--name", "web"]) == 0
    assert main(["--root", str(root), "env", "export", "web", "--force"]) == 0
    found = _read(devcontainer, root)
    assert (found["image"], found["containerEnv"]) == ("debian:trixie", {"A": "1"})
