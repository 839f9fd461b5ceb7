"""Who has which address in a session's own network.

The first one is nobody's: engines disagree about whether it may be given out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ipaddress import IPv4Network


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAddresses:
    """IPv4 addresses as text; `host` is where an engine would put itself, and must not answer."""

    host: str
    session: str
    gateway: str
    git_gateway: str

    @classmethod
    def of(cls, subnet: IPv4Network) -> SessionAddresses:
        return cls(host=str(subnet[1]), session=str(subnet[2]), gateway=str(subnet[3]), git_gateway=str(subnet[4]))
