"""Tries at the network as they are made inside a session: standard library only, sent there as an archive."""
