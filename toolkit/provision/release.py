"""Which release of Debian or Ubuntu an image reference names."""

from __future__ import annotations

from toolkit.record import Record

_DEBIAN = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky", "latest": "stable", "unstable": "sid"}
_DEBIAN_NAMES = frozenset(_DEBIAN.values()) | {"oldstable", "testing"}
_UBUNTU = {"20.04": "focal", "22.04": "jammy", "24.04": "noble", "25.10": "questing", "26.04": "resolute"}
_UBUNTU_NAMES = frozenset(_UBUNTU.values())


class Release(Record):
    """`distribution` is debian or ubuntu, `suite` what its archive calls it, `slim` without manuals and locales."""

    distribution: str
    suite: str
    slim: bool = False


def release_of(repository: str, tag: str) -> Release | None:
    """`debian`, `bookworm-slim` → that release; None for a point release, a dated tag or any other image.

    Those name exact contents, which the archive of today does not give.
    """
    word = tag.removesuffix("-slim")
    if repository == "debian":
        suite = _DEBIAN.get(word, word)
        return Release(distribution="debian", suite=suite, slim=word != tag) if suite in _DEBIAN_NAMES else None
    if repository == "ubuntu" and tag == word:
        suite = _UBUNTU.get(word, word)
        return Release(distribution="ubuntu", suite=suite) if suite in _UBUNTU_NAMES else None
    return None
