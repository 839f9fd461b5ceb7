"""Sessions: prepare, launch, list, follow, end."""
