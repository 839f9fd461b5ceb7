"""`toolkit init`: the files of a new project, laid down where none lie yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import unwritable
from toolkit.model.laid_down import LaidDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEFAULT_ENVIRONMENT = """\
# yaml-language-server: $schema=../schemas/environment.schema.json
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
# Pulumi writes the salt of the default stack's (empty) passphrase here; other stacks' files are worth committing.
/infra/Pulumi.local.yaml
/infra/__pycache__/
"""
_IGNORED_WORD = ".toolkit"

_WORKFLOW = """\
# Checks the environments of every change: are they right, what do they mean, and what would `toolkit up` do?
name: environments
on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

concurrency:
  group: environments-${{ github.ref }}
  cancel-in-progress: true

# TOOLKIT_SOURCE is a variable of this repository: the wheel, or the git address, to install toolkit from.
env:
  TOOLKIT_SOURCE: ${{ vars.TOOLKIT_SOURCE }}

jobs:
  validate:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    outputs:
      changes: ${{ steps.diff.outputs.changes }}
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # the base of a pull request, to compare with
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: python -m pip install "${TOOLKIT_SOURCE:?set the variable TOOLKIT_SOURCE of this repository}"
      - run: toolkit validate --strict --format github
      # What changed, by meaning. The end mark is random, so that no text of a declaration can be it.
      - id: diff
        if: github.event_name == 'pull_request'
        env:
          BASE: ${{ github.base_ref }}
        run: |
          toolkit env diff "origin/$BASE" > "$RUNNER_TEMP/changes"
          mark=$(openssl rand -hex 16)
          {
            echo "changes<<$mark"
            sed '200{s/.*/…/;q}' "$RUNNER_TEMP/changes" # a comment holds 65,536 characters
            echo "$mark"
          } >> "$GITHUB_OUTPUT"

  preview:
    needs: validate
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: python -m pip install "${TOOLKIT_SOURCE:?set the variable TOOLKIT_SOURCE of this repository}"
      - run: toolkit setup
      - run: toolkit preview

  # The only job that may write, and it runs nothing of the change. A pull request from a fork has no such right.
  comment:
    needs: validate
    if: >-
      github.event_name == 'pull_request'
      && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions:
      pull-requests: write
    steps:
      - name: comment on the pull request, or renew the comment
        env:
          GH_TOKEN: ${{ github.token }}
          GH_REPO: ${{ github.repository }}
          NUMBER: ${{ github.event.pull_request.number }}
          CHANGES: ${{ needs.validate.outputs.changes }}
        run: |
          title='### What this changes in the environments'
          # Indented, it is shown as it is: no text of a declaration becomes a link or a mention.
          changes=$(echo "${CHANGES:-nothing}" | sed 's/^/    /')
          printf '%s\\n\\n%s\\n' "$title" "$changes" > "$RUNNER_TEMP/comment"
          comments="repos/$GH_REPO/issues/$NUMBER/comments"
          ours='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("'"$title"'"))) | .id'
          earlier=$(gh api --paginate "$comments" --jq "$ours" | head -n 1)
          if [ -n "$earlier" ]; then
            gh api --silent --method PATCH "repos/$GH_REPO/issues/comments/$earlier" -F body=@"$RUNNER_TEMP/comment"
          elif [ -n "$CHANGES" ]; then
            gh api --silent --method POST "$comments" -F body=@"$RUNNER_TEMP/comment"
          fi
"""


def lay_down(folder: Path) -> LaidDown:
    """Write every file that is not there; ToolkitError where the folder can't be written."""
    created: list[str] = []
    kept: list[str] = []
    for path, content in _files():
        try:
            (created if _write_new(folder / path, content) else kept).append(path)
        except OSError as error:
            raise unwritable(folder / path, error) from error
    ignored = _IGNORED_WORD in (folder / ".gitignore").read_text(encoding="utf-8", errors="replace")
    return LaidDown(folder=folder, created=tuple(created), kept=tuple(kept), unignored=not ignored)


def _files() -> Iterator[tuple[str, bytes]]:
    yield "envs/default.yaml", _DEFAULT_ENVIRONMENT.encode()
    # Editors find it by the declaration's first line; a copy, so that this works offline and for everyone alike.
    yield "schemas/environment.schema.json", paths.schema("environment").read_bytes()
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
