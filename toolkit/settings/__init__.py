"""Layered preferences of user, project and site: where they lie, what they say together, how they are written."""

from toolkit.settings.layers import Layer, layer_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from toolkit.settings.reading import load, shown, stated
    from toolkit.settings.values import EgressSettings, Registries, RemoteSettings, Setting, Settings, SiteSettings
    from toolkit.settings.writing import write

__all__ = [
    "EgressSettings",
    "Layer",
    "Registries",
    "RemoteSettings",
    "Setting",
    "Settings",
    "SiteSettings",
    "layer_path",
    "load",
    "shown",
    "stated",
    "write",
]

_PARTS = {"load": "reading", "shown": "reading", "stated": "reading", "write": "writing", "Setting": "setting"}


def __getattr__(name: str) -> "Any":
    """Load the parts when they are asked for: choosing an environment needs few of them, and quickly."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module(f"toolkit.settings.{_PARTS.get(name, 'values')}"), name)
