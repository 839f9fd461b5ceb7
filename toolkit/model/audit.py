"""What a session's gateway decided, request by request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One request or tunnel.

    `time`: when it began, RFC 3339 in UTC with milliseconds. `url` has neither path nor query: those may hold secrets.
    `rule`: the pattern of the rule that decided, or its kind where it has none. `bytes_in` is what the session
    received. `open`: a tunnel that has not ended, whose bytes and time are not known yet.
    """

    time: str
    method: str
    host: str
    port: int
    url: str
    allowed: bool
    rule: str
    reason: str
    bytes_in: int
    bytes_out: int
    milliseconds: int
    open: bool = False

    @property
    def decision(self) -> str:
        return "allow" if self.allowed else "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyInForce:
    """From `since` on (RFC 3339) the gateway held this policy: its SHA-256 and level."""

    since: str
    sha256: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """`entries` by time; `lost`: how many lines the gateway wrote that are not there any more.

    `silent`: how many connections to the gateway ended without having asked for anything.
    """

    entries: tuple[AuditEntry, ...]
    policies: tuple[PolicyInForce, ...]
    lost: int
    silent: int = 0
