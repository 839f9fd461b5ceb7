"""Where Pulumi comes from: PATH, else a download by its Automation API, else a build from its own Go modules."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from toolkit import paths, process
from toolkit.errors import ToolkitError
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision.pulumi_build import build

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "3.259.0"
OLDEST = (3, 200)
STEP = "pulumi"
_PROGRAMS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
_QUIET = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
_VERSION_SECONDS = 30.0
_DOWNLOAD_SECONDS = 600.0
_LOCK_SECONDS = 3600.0  # another process may be building, which takes minutes
_STAGING = ".staging-"

_DOWNLOAD = """
import signal, socket, sys
from pulumi.automation import PulumiCommand
def bound(event, args):
    # The installer's script is fetched first: on a network that swallows packets that alone could take minutes.
    if event == "urllib.Request":
        signal.alarm(15)
    elif event == "subprocess.Popen":
        signal.alarm(0)
sys.addaudithook(bound)
socket.setdefaulttimeout(10)
PulumiCommand.install(root=sys.argv[1])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulumiProgram:
    """A Pulumi CLI that has its Python language host; `origin` is PATH, downloaded or built."""

    path: Path
    version: str
    origin: str

    @property
    def language_host(self) -> Path | None:
        return language_host(self.path)


def find() -> PulumiProgram:
    """The `pulumi` on PATH when it fits, else the installed one; ToolkitError where there is neither."""
    refused = ""
    on_path = process.which("pulumi")
    if on_path is not None:
        version = version_of(Path(on_path))
        refused = _misfit(Path(on_path), version)
        if not refused:
            return PulumiProgram(path=Path(on_path), version=version, origin="PATH")
    installed = _installed()
    if installed is not None:
        return installed
    raise ToolkitError(
        refused or "Pulumi is not installed",
        hint="run 'toolkit setup', which downloads or builds it",
        code="no-pulumi",
    )


def install(on_event: OnEvent) -> PulumiProgram:
    """Download Pulumi, or build it where nothing can be downloaded; the one found if there is one already.

    It is staged beside its place, checked, then renamed, one process at a time: an interrupted or failed
    installation leaves nothing that `find` would take.
    """
    from filelock import FileLock, Timeout

    target = _target()
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(f"{target}.lock", timeout=_LOCK_SECONDS):
            try:
                return find()
            except ToolkitError:
                return _install(target, on_event)
    except Timeout as error:
        raise ToolkitError(
            f"another process has been installing Pulumi for over {_LOCK_SECONDS / 60:g} minutes",
            hint=f"end it, then run 'toolkit setup' again (lock: {target}.lock)",
        ) from error


def version_of(program: Path) -> str:
    """What `pulumi version` says, such as 3.259.0; empty when it says nothing."""
    said = process.run((str(program), "version"), timeout=_VERSION_SECONDS, env=_QUIET, check=False)
    return said.stdout.strip().removeprefix("v")


def language_host(program: Path) -> Path | None:
    """The Python language host that this CLI would start: beside it, or on PATH."""
    name = _PROGRAMS[1]
    for folder in (program.parent, program.resolve().parent):
        if (folder / name).is_file():
            return folder / name
    found = process.which(name)
    return Path(found) if found else None


def _misfit(program: Path, version: str) -> str:
    numbers = re.match(r"(\d+)\.(\d+)\.", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return f"the Pulumi on PATH ({program}) is version {version or 'unknown'}, {wanted} or newer is needed"
    if language_host(program) is None:
        return f"the Pulumi on PATH ({program}) has no Python language host (pulumi-language-python) beside it"
    return ""


def _target() -> Path:
    return paths.cache_dir() / "pulumi" / VERSION


def _installed() -> PulumiProgram | None:
    target = _target()
    if not all(os.access(target / "bin" / name, os.X_OK) for name in _PROGRAMS):
        return None
    origin = target / "origin"
    said = origin.read_text().strip() if origin.is_file() else "built"
    return PulumiProgram(path=target / "bin" / "pulumi", version=VERSION, origin=said)


def _install(target: Path, on_event: OnEvent) -> PulumiProgram:
    for leftover in _leftovers(target):  # of a process that was killed: we hold the lock
        shutil.rmtree(leftover, ignore_errors=True)
    with TemporaryDirectory(prefix=_STAGING, dir=target.parent) as folder:
        staged = Path(folder) / VERSION
        try:
            origin = _download_or_build(staged, on_event)
        except ToolkitError as error:
            on_event(Event(step=STEP, phase=Phase.FAILED, text=f"Pulumi {VERSION}: {error.message}"))
            raise
        (staged / "origin").write_text(origin + "\n")
        if target.exists():  # incomplete, else it would have been found
            target.rename(Path(folder) / "incomplete")
        staged.rename(target)
    made = _installed()
    assert made is not None
    on_event(Event(step=STEP, phase=Phase.DONE, text=f"Pulumi {VERSION} {made.origin}: {made.path}"))
    return made


def _leftovers(target: Path) -> Iterator[Path]:
    return target.parent.glob(f"{_STAGING}*")


def _download_or_build(staged: Path, on_event: OnEvent) -> str:
    on_event(Event(step=STEP, phase=Phase.STARTED, text=f"Pulumi {VERSION}: downloading"))
    failure = _download(staged)
    if not failure:
        return "downloaded"
    on_event(
        Event(step=STEP, phase=Phase.NOTE, text=f"Pulumi cannot be downloaded ({failure}); building it takes minutes")
    )
    shutil.rmtree(staged, ignore_errors=True)
    build(staged, VERSION, lambda text: on_event(Event(step=STEP, phase=Phase.PROGRESS, text=text)))
    _check(staged)
    return "built"


def _download(staged: Path) -> str:
    """Let the Automation API install it; why it could not, or an empty string."""
    try:
        process.run((sys.executable, "-c", _DOWNLOAD, str(staged)), timeout=_DOWNLOAD_SECONDS)
        _check(staged)
    except process.CommandError as error:
        if error.completed.returncode < 0:
            return "the download's host does not answer"
        last = error.completed.stderr.strip().splitlines()[-1:]
        return last[0] if last else f"exit code {error.completed.returncode}"
    except ToolkitError as error:
        return error.message
    return ""


def _check(staged: Path) -> None:
    missing = [name for name in _PROGRAMS if not os.access(staged / "bin" / name, os.X_OK)]
    if missing:
        raise ToolkitError(f"the Pulumi in {staged} lacks {', '.join(missing)}")
    version = version_of(staged / "bin" / "pulumi")
    if version != VERSION:
        raise ToolkitError(f"the Pulumi in {staged} says that it is version {version or 'none'}, not {VERSION}")
