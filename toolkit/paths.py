"""Where things lie: the project's root, what the package carries, the user's folders."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.errors import NotFoundError

ENVIRONMENTS = "envs"
LOCK_NAME = "lock.yaml"
"""In the folder of the environments, and none of them."""
_PACKAGE = Path(__file__).resolve().parent


def find_root(explicit: Path | None = None, *, start: Path | None = None) -> Path:
    """The folder that holds envs/: the one given, else `TOOLKIT_ROOT`, else the nearest upward."""
    given = explicit or (Path(os.environ["TOOLKIT_ROOT"]) if os.environ.get("TOOLKIT_ROOT") else None)
    if given is not None:
        if given.is_file():
            raise NotFoundError(f"{given} is a file", hint=f"name the folder that holds {ENVIRONMENTS}/")
        if not (given / ENVIRONMENTS).is_dir():
            raise NotFoundError(f"{given} holds no {ENVIRONMENTS}/ folder", hint=f"toolkit init {given} lays one down")
        return given.resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / ENVIRONMENTS).is_dir():
            return folder
    raise NotFoundError(
        f"no {ENVIRONMENTS}/ folder in {here} or above it",
        hint="toolkit init lays one down, --root DIR names another folder",
    )


def carried(name: str) -> Path:
    """A folder that ships with the product (`schemas`, `infra`, `pulumi`): in the wheel, else in the checkout."""
    inside = _PACKAGE / "_carried" / name
    if inside.is_dir():
        return inside
    return _PACKAGE.parent / {"pulumi": "tools/pulumi"}.get(name, name)


def schema(name: str) -> Path:
    """`environment` → the file of that schema."""
    return carried("schemas") / f"{name}.schema.json"


def infra_project(root: Path) -> Path:
    """The Pulumi project of this root: its own infra/, else the one that ships with the product."""
    own = root / "infra"
    return own if (own / "Pulumi.yaml").is_file() else carried("infra")


def runner_source() -> Path:
    """The folder that is copied into every image."""
    return _PACKAGE / "runner"


def gateways_source() -> Path:
    """The folder that is copied into the gateways' image."""
    return _PACKAGE / "gateways"


def proofs() -> Path:
    """The programs that `verify` sends into containers."""
    return _PACKAGE / "proofs"


def project_state(root: Path) -> Path:
    """What this root keeps beside itself, git-ignored: build contexts, Pulumi's state, transcripts."""
    return root / ".toolkit"


def config_dir() -> Path:
    return _xdg("XDG_CONFIG_HOME", ".config")


def cache_dir() -> Path:
    return _xdg("XDG_CACHE_HOME", ".cache")


def state_dir() -> Path:
    return _xdg("XDG_STATE_HOME", ".local/state")


def _xdg(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable, "")
    return (Path(base) if base.startswith("/") else Path.home() / fallback) / "toolkit"
