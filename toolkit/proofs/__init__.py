"""Programs that `toolkit verify` sends into containers: standard library only, Python 3.9 or newer."""
