"""Which default network list this release means by `trusted`."""

from __future__ import annotations

from toolkit import preset

PRESET_VERSION = preset.load().version
"""Part of every revision: a new list is a new meaning of the same file."""
