"""How far one declared network reaches compared with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.declare.domains import covering
from toolkit.model.environment import Access

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from toolkit.model.environment import NetworkSpec

EVERYTHING = "(any public name)"
DEFAULTS = "(the default list)"


def reach(network: NetworkSpec) -> frozenset[str]:
    """Domains, wildcards, and the two words above for what no list of ours can spell out."""
    if network.access is Access.NONE:
        return frozenset()
    secret_hosts = {host for secret in network.secrets for host in secret.hosts}
    if network.access is Access.FULL:
        return frozenset({EVERYTHING, *secret_hosts})
    if network.access is Access.TRUSTED:
        return frozenset({DEFAULTS, *secret_hosts})
    defaults = {DEFAULTS} if network.include_defaults else set()
    return frozenset({*network.allow, *secret_hosts, *defaults})


def is_reached(item: str, network: NetworkSpec) -> bool:
    """Whether the network reaches all that `item` stands for; what it denies wholly it does not reach."""
    return bool(_reached({item}, network))


def gained(before: NetworkSpec, after: NetworkSpec) -> bool:
    """Whether `after` reaches something that `before` did not."""
    now = _reached(reach(after), after)
    return bool(now - _reached(now, before))


def _reached(items: AbstractSet[str], network: NetworkSpec) -> frozenset[str]:
    known, denied = reach(network), frozenset(network.deny)
    return frozenset(
        item
        for item in items
        if (EVERYTHING in known or covering(known, item) is not None) and covering(denied, item) is None
    )
