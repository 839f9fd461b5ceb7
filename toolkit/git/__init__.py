"""The repository's way in and out of a session."""
