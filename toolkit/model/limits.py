"""Bounds that several layers hold to."""

MAX_BYTES = 1 << 20
"""Of one declaration, settings file, or file that a declaration names (product, section 2)."""
