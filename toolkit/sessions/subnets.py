"""A small subnet for each session, off everything that this machine can see.

The engine's own address pools end after about thirty networks, and it does not hold a given subnet against the
host's routes, so the choice is ours.
"""

from __future__ import annotations

import secrets
from ipaddress import AddressValueError, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEFAULT_POOL = "10.213.0.0/16"
PREFIX = 29
_ROUTES = Path("/proc/net/route")
_RESOLVERS = Path("/etc/resolv.conf")


def choose(pools: Sequence[str], taken: Iterable[IPv4Network], *, prefix: int = PREFIX) -> IPv4Network:
    """A free /29 of the pools (or another size), from a random place on: two clients at once seldom want the same."""
    busy = tuple(taken)
    for pool in (IPv4Network(one) for one in pools or (DEFAULT_POOL,)):
        count = 2 ** max(0, prefix - pool.prefixlen)
        first = secrets.randbelow(count)
        for index in range(count):
            offset = (first + index) % count * 2 ** (32 - prefix)
            subnet = IPv4Network((int(pool.network_address) + offset, prefix))
            if not any(subnet.overlaps(other) for other in busy):
                return subnet
    raise EngineError(
        "no free subnet is left for another session",
        hint="remove old sessions ('toolkit rm'), or give site.subnets more room",
    )


def taken_by_networks(subnets: Iterable[str]) -> tuple[IPv4Network, ...]:
    """The IPv4 ones among the engine's subnets."""
    found = []
    for text in subnets:
        try:
            found.append(IPv4Network(text, strict=False))
        except (AddressValueError, ValueError):
            continue  # IPv6
    return tuple(found)


def taken_by_host(routes: Path = _ROUTES, resolvers: Path = _RESOLVERS) -> tuple[IPv4Network, ...]:
    """What this host routes to, but for its default route, and its resolvers; empty where it cannot be read."""
    return (*_routes(routes), *_resolvers(resolvers))


def _routes(path: Path) -> list[IPv4Network]:
    found = []
    for line in _lines(path)[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        address, mask = (int.from_bytes(bytes.fromhex(fields[index]), "little") for index in (1, 7))
        if mask:
            found.append(IPv4Network((address, mask.bit_count())))
    return found


def _resolvers(path: Path) -> list[IPv4Network]:
    words = [line.split() for line in _lines(path)]
    return list(taken_by_networks(f"{one[1]}/32" for one in words if len(one) > 1 and one[0] == "nameserver"))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
