"""A docker plugin for networks that cannot fetch the official one: it serves `docker.Image`, and nothing else.

It runs as a process of its own that Pulumi starts; `install` puts a launcher for it where Pulumi looks for plugins.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import toolkit
from toolkit import process

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "5.1.0"
"""The official plugin's version, whose inputs and outputs ours has: the one that the Python SDK asks for."""
NAME = "pulumi-resource-docker"
_MARK = "toolkit.provision.airgapped"
_INSTALL_SECONDS = 120.0


def install(pulumi: Path, home: Path) -> None:
    """Register the air-gapped plugin in this PULUMI_HOME through `pulumi plugin install`; again is fine."""
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="toolkit-plugin-") as folder:
        launcher = Path(folder) / NAME
        launcher.write_text(launcher_text())
        launcher.chmod(0o755)
        argv = (str(pulumi), "plugin", "install", "resource", "docker", VERSION, "--file", str(launcher), "--reinstall")
        process.run(argv, timeout=_INSTALL_SECONDS, env=_quiet(home))


def in_use(home: Path) -> Literal["official", "air-gapped"] | None:
    """Which docker plugin Pulumi would start with this PULUMI_HOME; one on PATH goes before an installed one."""
    program = plugin_program(home)
    if program is None:
        return None
    return "air-gapped" if _is_ours(program) else "official"


def plugin_program(home: Path) -> Path | None:
    """The file that Pulumi would start as docker plugin."""
    on_path = process.which(NAME)
    if on_path is not None:
        return Path(on_path)
    installed = home / "plugins" / f"resource-docker-v{VERSION}" / NAME
    return installed if installed.is_file() else None


def refresh(home: Path) -> None:
    """Point an installed air-gapped plugin at this toolkit where the one that it falls back on is gone."""
    program = plugin_program(home)
    if program is None or not _is_ours(program) or _works(program):
        return
    handle, temporary = tempfile.mkstemp(dir=program.parent)
    with os.fdopen(handle, "w") as file:
        file.write(launcher_text())
    Path(temporary).chmod(0o755)
    Path(temporary).replace(program)


def launcher_text() -> str:
    """The plugin runs in the Python and the toolkit that started Pulumi, else in those that installed it.

    A shell script, since a path with blanks in it could not stand in a `#!` line.
    """
    source = Path(toolkit.__file__).resolve().parent.parent
    return (
        "#!/bin/sh\n"
        f"python={shlex.quote(sys.executable)}\n"
        f"source={shlex.quote(str(source))}\n"
        'export PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}$source"\n'
        f'exec "${{PULUMI_PYTHON_CMD:-$python}}" -m {_MARK} "$@"\n'
    )


def _works(program: Path) -> bool:
    lines = dict(line.partition("=")[::2] for line in program.read_text().splitlines())
    python, source = ("".join(shlex.split(lines.get(name, ""))) for name in ("python", "source"))
    return os.access(python, os.X_OK) and (Path(source) / "toolkit").is_dir()


def _is_ours(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return _MARK.encode() in file.read(4096)
    except OSError:
        return False


def _quiet(home: Path) -> Mapping[str, str]:
    return {"PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
