"""What a checkout does not bring by itself: submodules, and the content of Git LFS files. Named, with what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import NamedTuple

_SECONDS = 600
_SHOWN = 10
_SUBMODULES = (
    "'git submodule update --init' fetches those at https addresses whose hosts the network policy allows, without a "
    "credential; for others put their files in from outside: toolkit cp"
)
_LFS = (
    "their pointers are here instead, since Git LFS does not pass the session's git gateway; put the content of those "
    "that are needed in from outside: toolkit cp"
)
# What `git lfs install --local --skip-smudge` writes: where git-lfs is installed, a checkout must not wait for content
_POINTERS_STAY = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge --skip -- %f",
    "filter.lfs.process": "git-lfs filter-process --skip",
}


class Missing(NamedTuple):
    """`what`: submodules or lfs. `paths`: the first of them, `total` of all."""

    what: str
    paths: tuple[str, ...]
    total: int
    advice: str

    def fields(self) -> dict[str, object]:
        """What the transcript's event says of it."""
        return {"what": self.what, "paths": list(self.paths), "count": self.total, "advice": self.advice}


def look(project_dir: str) -> list[Missing]:
    """What is named in the checkout and is not in it; makes git-lfs, where it is, content with the pointers."""
    found = []
    submodules = _submodules(project_dir) if os.path.exists(f"{project_dir}/.gitmodules") else []
    if submodules:
        found.append(_missing("submodules", submodules, _SUBMODULES))
    pointers = (
        _read(project_dir, "ls-files", "-z", "--", ":(top,attr:filter=lfs)") if _has_attributes(project_dir) else []
    )
    if pointers:
        found.append(_missing("lfs", pointers, _LFS))
        if shutil.which("git-lfs"):
            for key, value in _POINTERS_STAY.items():
                _read(project_dir, "config", key, value)
    return found


def _missing(what: str, paths: list[str], advice: str) -> Missing:
    return Missing(what=what, paths=tuple(paths[:_SHOWN]), total=len(paths), advice=advice)


def _submodules(project_dir: str) -> list[str]:
    """Entries of the index that are commits of other repositories: mode 160000."""
    entries = _read(project_dir, "ls-files", "-z", "--stage")
    return [one.partition("\t")[2] for one in entries if one.startswith("160000 ")]


def _has_attributes(project_dir: str) -> bool:
    """Whether any file of attributes speaks of LFS: looking at every path costs time in a large tree."""
    return bool(_read(project_dir, "grep", "-l", "-z", "filter=lfs", "--", ":(top,glob)**/.gitattributes"))


def _read(project_dir: str, *words: str) -> list[str]:
    """What git lists, parts that end with a null; nothing where it fails."""
    try:
        done = subprocess.run(
            ("git", "-C", project_dir, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):
        return []
    return [one for one in done.stdout.split("\0") if one] if done.returncode == 0 else []
