"""Packages of this host on Debian and its kin; only `toolkit setup` asks for them, and only as root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OS_RELEASE = Path("/etc/os-release")
_SECONDS = 900.0
_ASK_SECONDS = 60.0
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}  # needrestart would restart services
_INSTALL = ("apt-get", "-o", "DPkg::Lock::Timeout=120", "-y", "--no-install-recommends", "install")


def usable() -> bool:
    """This is a Debian or Ubuntu (or made from one), and we may install packages."""
    names = {host_distribution(), *os_release().get("ID_LIKE", "").split()}
    return bool(names & {"debian", "ubuntu"}) and process.which("apt-get") is not None and os.geteuid() == 0


def host_distribution() -> str:
    """`debian`, `ubuntu`, `fedora` … or an empty string."""
    return os_release().get("ID", "")


def os_release(path: Path = _OS_RELEASE) -> dict[str, str]:
    """os-release(5) as a mapping; empty where the file is missing."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def install(packages: Sequence[str], *, on_line: Callable[[str], None]) -> None:
    """Install them, with a fresh package list where the present one does not have them; CommandError on failure."""
    fresh = not all(_has_candidate(name) for name in packages)
    if fresh:
        update(on_line=on_line)
    argv = (*_INSTALL, *packages)
    done = process.run(argv, timeout=_SECONDS, env=_QUIET, on_line=on_line, check=fresh)
    if done.returncode:  # a list that is old names files which are gone
        update(on_line=on_line)
        process.run(argv, timeout=_SECONDS, env=_QUIET, on_line=on_line)


def update(*, on_line: Callable[[str], None]) -> None:
    process.run(("apt-get", "update"), timeout=_SECONDS, env=_QUIET, on_line=on_line)


def need(program: str, packages: Sequence[str], *, on_line: Callable[[str], None]) -> None:
    """Make sure of `program`, from these packages where it is missing and we may install; ToolkitError otherwise."""
    if process.which(program) is not None:
        return
    if not usable():
        raise ToolkitError(
            f"'{program}' is not installed", hint=f"as root on Debian or Ubuntu: apt-get install {' '.join(packages)}"
        )
    install(packages, on_line=on_line)


def _has_candidate(package: str) -> bool:
    said = process.run(("apt-cache", "policy", package), timeout=_ASK_SECONDS, env={"LC_ALL": "C"}, check=False).stdout
    return "Candidate:" in said and "Candidate: (none)" not in said
