"""Declared environments and isolated coding-agent sessions on your own container engine."""

__version__ = "0.1.0"
