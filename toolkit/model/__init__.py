"""Frozen values that flow between the rooms; no IO."""
