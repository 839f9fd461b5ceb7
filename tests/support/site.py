"""What this machine's users have set for its site."""

from __future__ import annotations

from pathlib import Path


def site_settings(folder: Path) -> Path:
    """A settings folder of the test's own with this machine's site values (its CA, its registries) for builds."""
    own = Path.home() / ".config" / "toolkit" / "settings.yaml"
    target = folder / "toolkit" / "settings.yaml"
    target.parent.mkdir(parents=True)
    if own.is_file():
        target.write_bytes(own.read_bytes())
    return folder
