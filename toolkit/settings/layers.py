"""The five layers of settings, highest first, and the file of each."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from toolkit.paths import config_dir, project_state

MANAGED_PATH = Path("/etc/toolkit/settings.yaml")


class Layer(StrEnum):
    """Highest first; the values are the words of `--scope` and of JSON documents."""

    MANAGED = "managed"
    COMMAND_LINE = "command-line"
    PROJECT_LOCAL = "local"
    PROJECT = "project"
    USER = "user"

    @property
    def in_project(self) -> bool:
        """Its file lies in the repository, so what it says is as trusted as the repository."""
        return self in (Layer.PROJECT_LOCAL, Layer.PROJECT)


FILE_LAYERS = (Layer.MANAGED, Layer.PROJECT_LOCAL, Layer.PROJECT, Layer.USER)
"""The layers that have a file, highest first."""


def layer_path(layer: Layer, root: Path | None) -> Path:
    """The layer's file, there or not; ValueError for the command line, and for project layers without a root."""
    if layer is Layer.MANAGED:
        return MANAGED_PATH
    if layer is Layer.USER:
        return config_dir() / "settings.yaml"
    if layer is Layer.COMMAND_LINE or root is None:
        raise ValueError(f"{layer.value} settings have no file {'' if root else 'without a root'}".rstrip())
    name = "settings.local.yaml" if layer is Layer.PROJECT_LOCAL else "settings.yaml"
    return project_state(root) / name
