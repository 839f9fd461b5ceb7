"""Layered preferences of user, project and site: where they lie, what they say together, how they are written."""

from toolkit.settings.layers import Layer, layer_path
from toolkit.settings.reading import load, shown
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
    "write",
]
