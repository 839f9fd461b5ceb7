"""The environment that every Pulumi call gets, by `toolkit up` and by hand alike; imports nothing of Pulumi."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import toolkit
from toolkit import paths
from toolkit.errors import ToolkitError

DEFAULT_STACK = "local"
_FILE = "file://"


def home(root: Path) -> Path:  # noqa: ARG001 -- asked for a root, like all the rest here
    """Where Pulumi keeps its plugins: the user's PULUMI_HOME, else a folder that all roots of this user share.

    Not ~/.pulumi, which holds the user's own log-ins; not a folder of the root, or each new one would need a set-up.
    """
    given = os.environ.get("PULUMI_HOME", "")
    return Path(given).expanduser() if given else paths.cache_dir() / "pulumi" / "home"


def backend_url(root: Path) -> str:
    """Where the state is: the user's PULUMI_BACKEND_URL (made absolute where it names files), else under the root."""
    given = os.environ.get("PULUMI_BACKEND_URL", "")
    if not given:
        return _FILE + str(paths.project_state(root) / "pulumi")
    if not given.startswith(_FILE):
        return given
    path = given.removeprefix(_FILE)
    # Pulumi reads a relative path from its working directory, which is the project's folder.
    return _FILE + os.path.normpath(paths.infra_project(root) / Path(path or ".").expanduser())


def file_backend(root: Path) -> Path | None:
    """The folder of a file backend (it holds .pulumi/), or None where the state is elsewhere."""
    url = backend_url(root)
    return Path(url.removeprefix(_FILE)) if url.startswith(_FILE) else None


def variables(root: Path, *, program: Path) -> dict[str, str]:
    """What is set for a Pulumi call; `program` is the pulumi executable, whose folder goes first on PATH.

    The passphrase is empty unless the user has set one: no secret is ever put into this stack.
    """
    made = {
        "PATH": os.pathsep.join([str(program.parent), os.environ.get("PATH", os.defpath)]),
        "PULUMI_HOME": str(home(root)),
        "PULUMI_BACKEND_URL": backend_url(root),
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "TOOLKIT_ROOT": str(root),
    }
    if "PULUMI_CONFIG_PASSPHRASE" not in os.environ and not os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        made["PULUMI_CONFIG_PASSPHRASE"] = ""
    source = Path(toolkit.__file__).resolve().parent.parent
    if "site-packages" not in source.parts:
        # A checkout: the program that Pulumi starts must find the same toolkit as we are, installed or not.
        made["PYTHONPATH"] = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")]))
    return made


def prepare_backend(root: Path) -> None:
    """Make the folders that Pulumi expects to be there."""
    for folder in (file_backend(root), home(root)):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ToolkitError(
                f"cannot make {folder}: {error.strerror}",
                hint="PULUMI_BACKEND_URL and PULUMI_HOME name other places",
            ) from error
