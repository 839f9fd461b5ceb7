"""Declarations: YAML text to typed, checked specifications."""
