"""The agent's own history, out of the session and to where its `--resume` looks on this host.

claude keeps a conversation as `projects/<munged cwd>/<id>.jsonl` below its configuration folder, with a folder `<id>`
beside it where there is more; codex as `sessions/YYYY/MM/DD/rollout-<time>-<id>.jsonl`. Neither holds anything that
depends on the place, but for claude's folder name, which is made of the working folder's path.
"""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError
from toolkit.sessions.unpacking import unpack

if TYPE_CHECKING:
    from toolkit.engines.base import Engine

_IN_MEMORY = 32 << 20
_HOME = "/root"
_LONGEST = 200
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ROLLOUT = re.compile(r"^rollout-.*?-([0-9a-f]{8}-[0-9a-f-]{27})\.jsonl$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """`resume`: the command that goes on with the conversation; `files`: what was written."""

    resume: str
    files: tuple[Path, ...]


def bring(engine: Engine, container: str, *, agent: str, project_dir: str, checkout: Path) -> Brought | None:
    """Copy the history of the presets `claude` and `codex`; None for other agents, and where there is no history."""
    if agent == "claude":
        return _claude(engine, container, project_dir, checkout)
    if agent == "codex":
        return _codex(engine, container)
    return None


def munged(path: str) -> str:
    """The folder that claude keeps the conversations of a working folder in."""
    units = memoryview(path.encode("utf-16-le", "surrogatepass")).cast("H")
    text = "".join(chr(one) if one < 128 and chr(one).isalnum() else "-" for one in units)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST]}-{_base36(abs(_java_hash(units)))}"


def _java_hash(units: memoryview) -> int:
    """The hash of a Java string: 31-fold over the UTF-16 units, in 32 bits with a sign."""
    found = 0
    for one in units:
        found = (found * 31 + one) & 0xFFFFFFFF
    return found - (1 << 32) if found >= 1 << 31 else found


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"


def _claude(engine: Engine, container: str, project_dir: str, checkout: Path) -> Brought | None:
    source = f"{_HOME}/.claude/projects/{munged(project_dir)}"
    home = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    target = home / "projects" / munged(str(checkout.resolve()))
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        found = _fetched(engine, container, source, Path(scratch))
        if found is None:
            return None
        histories = sorted(found.glob("*.jsonl"), key=lambda one: one.stat().st_mtime)
        if not histories:
            return None
        written = [
            _placed(one, target / one.name)
            for history in histories
            for one in (history, history.with_suffix(""))
            if one.exists()
        ]
    return Brought(resume=f"claude --resume {histories[-1].stem}", files=tuple(written))


def _codex(engine: Engine, container: str) -> Brought | None:
    home = Path(os.environ.get("CODEX_HOME") or Path.home() / ".codex")
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        found = _fetched(engine, container, f"{_HOME}/.codex/sessions", Path(scratch))
        rollouts = sorted(found.rglob("rollout-*.jsonl"), key=lambda one: one.name) if found else []
        rollouts = [one for one in rollouts if _ROLLOUT.match(one.name)]
        if found is None or not rollouts:
            return None
        written = [_placed(one, home / "sessions" / one.relative_to(found)) for one in rollouts]
    match = _ROLLOUT.match(rollouts[-1].name)
    assert match is not None
    return Brought(resume=f"codex resume {match[1]}", files=tuple(written))


def _fetched(engine: Engine, container: str, path: str, into: Path) -> Path | None:
    """A folder of the session, copied; files and folders alone."""
    try:
        chunks = engine.get_archive(container, path)
    except NotFoundError:
        return None
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        for chunk in chunks:
            spool.write(chunk)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as tar:
            unpack(tar, into, [one for one in tar if one.isfile() or one.isdir()])
    return into / path.rpartition("/")[2]


def _placed(source: Path, target: Path) -> Path:
    """Whole or not at all; what is there of an earlier teleport is replaced."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{target.name}.toolkit")
    if source.is_dir():
        shutil.rmtree(staged, ignore_errors=True)
        shutil.copytree(source, staged)
        shutil.rmtree(target, ignore_errors=True)
    else:
        shutil.copyfile(source, staged)
        staged.chmod(0o600)
    staged.replace(target)
    return target
