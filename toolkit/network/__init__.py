"""Network policy."""
