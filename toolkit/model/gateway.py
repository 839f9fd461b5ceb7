"""What a session's egress gateway is given: its files, and the secrets that it adds to requests."""

from __future__ import annotations

from dataclasses import dataclass, field

PROBE_HOST = "toolkit-probe.internal"
"""What the session's runner asks for before anything foreign runs, and `doctor` from within the gateway: refused at
every level, never looked up, and no entry of the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayFile:
    """A file of the gateway's own folder: POSIX path relative to it, bytes, permission bits."""

    path: str
    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretHeader:
    """A header that https requests to exactly these hosts get. `value` has the declared prefix; it is never shown."""

    name: str
    hosts: tuple[str, ...]
    header: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAddresses:
    """IPv4 addresses of the session and of its gateway in the session's own network, and what is never reached.

    `refused`: networks in CIDR notation that no name may lead to. `resolvers`: the addresses that the gateway's
    look-ups go to, which it has to reach wherever they are.
    """

    session: str
    gateway: str
    refused: tuple[str, ...]
    resolvers: tuple[str, ...] = ()
