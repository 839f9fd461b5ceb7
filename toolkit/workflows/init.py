"""`toolkit init`: the files of a new project, laid down where none lie yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import ToolkitError
from toolkit.model.laid_down import LaidDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEFAULT_ENVIRONMENT = """\
# The environment that sessions get when none is named. `toolkit up` builds its image.
version: 1
name: default
description: Small Debian with what its packages list says

network:
  access: none # none | trusted | full | custom

# Read once, when a session starts.
variables: |
  LOG_LEVEL=info

image:
  base: debian:bookworm-slim # any image reference
  packages:
    apt: [jq]

agent: shell # the task is a bash script
"""

_IGNORED = """\
# What toolkit keeps beside the project: state, build contexts, one person's settings. The team's settings are shared.
/.toolkit/*
!/.toolkit/settings.yaml
"""
_IGNORED_WORD = ".toolkit"

_WORKFLOW = """\
# Checks the environments of every change: are they right, and what would `toolkit up` do?
name: environments
on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

jobs:
  environments:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      # TOOLKIT_SOURCE is a variable of this repository: the wheel, or the git address, to install toolkit from.
      - run: python -m pip install "$TOOLKIT_SOURCE"
        env:
          TOOLKIT_SOURCE: ${{ vars.TOOLKIT_SOURCE }}
      - run: toolkit validate --strict --format github
      - run: toolkit setup
      - run: toolkit preview
"""


def lay_down(folder: Path) -> LaidDown:
    """Write every file that is not there; ToolkitError where the folder can't be written."""
    created: list[str] = []
    kept: list[str] = []
    for path, content in _files():
        try:
            (created if _write_new(folder / path, content) else kept).append(path)
        except OSError as error:
            raise ToolkitError(
                f"cannot write {folder / path}: {error.strerror}", hint="check the folder's owner, mode and free space"
            ) from error
    ignored = _IGNORED_WORD in (folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
    return LaidDown(folder=folder, created=tuple(created), kept=tuple(kept), unignored=not ignored)


def _files() -> Iterator[tuple[str, bytes]]:
    yield "envs/default.yaml", _DEFAULT_ENVIRONMENT.encode()
    source = paths.carried("infra")
    for path in sorted([source / "Pulumi.yaml", *source.glob("*.py")]):
        yield f"infra/{path.name}", path.read_bytes()
    yield ".gitignore", _IGNORED.encode()
    yield ".github/workflows/environments.yml", _WORKFLOW.encode()


def _write_new(path: Path, content: bytes) -> bool:
    """False where something lies there already, a broken link included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True
