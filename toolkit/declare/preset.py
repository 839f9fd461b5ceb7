"""Which default network list this release means by `trusted`."""

from __future__ import annotations

PRESET_VERSION = "2026.08"
"""Part of every revision: a new list is a new meaning of the same file."""
