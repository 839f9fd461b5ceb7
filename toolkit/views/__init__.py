"""Results as text or JSON; no decisions."""
