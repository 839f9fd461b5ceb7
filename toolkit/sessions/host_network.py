"""This host's own addresses and resolvers: what no gateway may reach, and what its look-ups go to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOCAL = Path("/proc/net/fib_trie")
# systemd's stub listens on loopback, which engines replace by what stands behind it
_RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
_ADDRESS = re.compile(r"\|--\s+(\S+)\s*\n\s*/32 host LOCAL")


def addresses(local: Path = _LOCAL) -> tuple[str, ...]:
    """The IPv4 addresses that this host answers to, loopback's left out; empty where that cannot be read."""
    found = set(_ADDRESS.findall(_text(local)))
    return tuple(sorted(one for one in found if not one.startswith("127.")))


def resolvers(files: Sequence[Path] = _RESOLVERS) -> tuple[str, ...]:
    """The IPv4 resolvers that this host asks, loopback's left out."""
    words = [line.split() for file in files for line in _text(file).splitlines()]
    found = [one[1] for one in words if len(one) > 1 and one[0] == "nameserver" and re.fullmatch(r"[0-9.]+", one[1])]
    return tuple(dict.fromkeys(one for one in found if not one.startswith("127.")))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
