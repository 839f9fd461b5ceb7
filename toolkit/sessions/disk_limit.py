"""`resources.disk`: a limit that some storage drivers can set and others cannot; where it is not set, that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model.event import Event, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.engines.base import ContainerRequest, Engine, EngineVersion
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.event import OnEvent

# https://docs.docker.com/reference/cli/docker/container/run/#storage-opt
_ABLE = frozenset({"btrfs", "devicemapper", "windowsfilter", "zfs"})
_ABLE_ON_XFS = frozenset({"overlay2"})
# A quota of a subvolume leaves what statfs(2) says as it is.
_SILENT = frozenset({"btrfs", "windowsfilter"})
_REFUSED = "storage-opt"


def may_hold(about: EngineVersion) -> bool:
    """Whether the engine's storage may limit a session's disk; on xfs a mount option decides, which nobody says."""
    if about.storage_driver in _ABLE_ON_XFS:
        return about.backing_filesystem == "xfs"
    return about.storage_driver in _ABLE


def unheld(about: EngineVersion) -> str:
    """Why it cannot, and what would."""
    where = f"{about.storage_driver} on {about.backing_filesystem or 'this disk'}"
    return f"this engine cannot limit a session's disk ({where}); overlay2 on xfs with the mount option pquota can"


def unseen(about: EngineVersion) -> str:
    """Why a session's file system does not tell the limit; empty: its size is the limit."""
    if not may_hold(about):
        return unheld(about)
    return "" if about.storage_driver not in _SILENT else f"{about.storage_driver} does not tell a session its limit"


def warn(specs: Sequence[EnvironmentSpec], engine: Engine, on_event: OnEvent) -> None:
    """Say it of those that ask for a limit, where the engine cannot keep any."""
    asking = [one.name for one in specs if one.resources.disk is not None]
    if asking and not may_hold(about := engine.version()):
        text = f"resources.disk of {', '.join(asking)} will not hold: {unheld(about)}"
        on_event(Event(step="disk", phase=Phase.WARNING, text=text))


def create(engine: Engine, request: ContainerRequest, on_event: OnEvent) -> str:
    """Create the container, without its disk limit where the engine has no means for it; returns its id."""
    if request.disk is None:
        return engine.create_container(request)
    about = engine.version()
    if may_hold(about):
        try:
            return engine.create_container(request)
        except EngineError as error:
            if _REFUSED not in error.message:
                raise
    on_event(Event(step="disk", phase=Phase.WARNING, text=f"resources.disk does not hold: {unheld(about)}"))
    return engine.create_container(replace(request, disk=None))
