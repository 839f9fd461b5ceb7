"""The gateway's log as audit entries: pure, and suspicious of every line.

Squid writes one line at the end of a request, and for a tunnel one at its beginning and one with its bytes at its
end. Every line has a number, so that lost ones are noticed. What is not understood is counted as lost, never dropped.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from toolkit.model.audit import AuditEntry, AuditTrail, PolicyInForce
from toolkit.model.gateway import PROBE_HOST
from toolkit.model.policy import Decision, RuleKind
from toolkit.network.decide import decide
from toolkit.network.url import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toolkit.model.policy import Policy

_PORTS = {"https": 443, "http": 80}
_ERRORS = 500
_FOREIGN_NAME = "sni"
_NO_TLS = "protocol"
_GONE = "ERR_CLIENT_GONE"


class AuditReader:
    """Takes the log line by line, in its order. `policy_of` gives the policy of a SHA-256; None: it is not known."""

    def __init__(self, policy_of: Callable[[str], Policy | None]) -> None:
        self._policy_of = policy_of
        self._policy: Policy | None = None
        self._next = 0
        self._run = 0
        self.lost = 0
        self.silent = 0
        self.policies: list[PolicyInForce] = []

    def take(self, line: bytes) -> tuple[tuple[int, int], AuditEntry] | None:
        """The entry of a line, with a key that the end of a tunnel shares with its beginning; None: no request."""
        try:
            fields = json.loads(line)
            if "event" in fields:
                self._started(fields)
                return None
            self._count(int(fields["n"]))
            return self._entry(fields)
        except (ValueError, KeyError, TypeError, AttributeError):
            self.lost += 1
            return None

    def _started(self, fields: dict[str, Any]) -> None:
        self._run += 1
        self._next = 0
        self._policy = self._policy_of(str(fields["policy"]))
        level = self._policy.level.value if self._policy else ""
        self.policies.append(
            PolicyInForce(since=str(fields.get("time", "")), sha256=str(fields["policy"]), level=level)
        )

    def _count(self, number: int) -> None:
        self.lost += max(0, number - self._next)
        self._next = number + 1

    def _entry(self, fields: dict[str, Any]) -> tuple[tuple[int, int], AuditEntry] | None:
        host = _name(fields["host"]).strip("[]")
        if _is_silence(fields):
            self.silent += int(fields["out"]) == 0
            return None
        if host == PROBE_HOST and not fields["policy"].startswith("allow:"):
            return None
        if _opens_for_secrets(fields):
            return None  # the requests inside have lines of their own
        allowed, rule, reason = self._verdict(fields, host)
        scheme = _scheme(fields)
        port = int(fields["port"]) if fields["port"].isdigit() else 0
        entry = AuditEntry(
            time=_time(float(fields["t"]) - int(fields["ms"]) / 1000),
            method=unquote(fields["method"]),
            host="" if host == "-" else host,
            port=port,
            url=_url(scheme, host, port),
            allowed=allowed,
            rule=rule,
            reason=reason,
            bytes_in=int(fields["in"]),
            bytes_out=int(fields["out"]),
            milliseconds=int(fields["ms"]),
            open=allowed and fields["bump"] == "splice" and fields["result"] != "TCP_TUNNEL",
        )
        return (self._run, int(fields["client"])), entry

    def _verdict(self, fields: dict[str, Any], host: str) -> tuple[bool, str, str]:
        """Whether it was let through, by which rule, and why."""
        noted, _, kind = fields["policy"].partition(":")
        if _is_refused_inside(fields):
            rule = _NO_TLS if _is_no_tls(fields) else _FOREIGN_NAME
            return False, rule, _tls_reason(fields, host)
        decision = self._decision(fields, host)
        if noted not in {"allow", "deny"}:
            return self._unmarked(fields, decision)
        if decision is not None and decision.allowed == (noted == "allow") and decision.rule.kind == kind:
            return decision.allowed, decision.rule.pattern, decision.reason + _failure(fields)
        if kind == RuleKind.ADDRESS:
            return False, kind, f"{host} leads to an address that is private or this machine's own"
        return noted == "allow", kind, f"rule {kind}" + _failure(fields)

    def _unmarked(self, fields: dict[str, Any], decision: Decision | None) -> tuple[bool, str, str]:
        """No rule was asked: what came is no request, or the connection was lost before."""
        if decision is not None and decision.allowed and fields["host"] == fields["sni"]:
            return True, decision.rule.pattern, decision.reason + _failure(fields)
        if decision is not None and not decision.allowed:
            return False, decision.rule.pattern, decision.reason
        return False, RuleKind.MALFORMED.value, "this is no request that could pass" + _failure(fields)

    def _decision(self, fields: dict[str, Any], host: str) -> Decision | None:
        if self._policy is None or host in {"", "-"}:
            return None
        scheme = _scheme(fields)
        shown = f"[{host}]" if ":" in host else host
        return decide(self._policy, parse(f"{scheme}://{shown}:{fields['port']}/"))


def trail(lines: Iterable[bytes], policy_of: Callable[[str], Policy | None]) -> AuditTrail:
    """The whole log. A tunnel is one entry, with its end's figures where it has ended."""
    reader = AuditReader(policy_of)
    entries: list[AuditEntry] = []
    tunnels: dict[tuple[int, int], int] = {}
    for line in lines:
        taken = reader.take(line)
        if taken is None:
            continue
        key, entry = taken
        if entry.open:
            tunnels[key] = len(entries)
            entries.append(entry)
        elif key in tunnels and entry.method == "CONNECT":
            entries[tunnels.pop(key)] = entry
        else:
            entries.append(entry)
    entries.sort(key=lambda one: one.time)
    return AuditTrail(entries=tuple(entries), policies=tuple(reader.policies), lost=reader.lost, silent=reader.silent)


def _is_silence(fields: dict[str, Any]) -> bool:
    """A connection on which nothing was asked; what follows a request that was answered is no other one.

    Bytes that are no request and never become one (another protocol's greeting) have an error beside them.
    """
    nothing = int(fields["out"]) == 0 or fields["error"] == "-"
    return nothing and fields["method"] == "-" and int(fields["status"]) == 0


def _is_refused_inside(fields: dict[str, Any]) -> bool:
    """An allowed tunnel whose content was none for it; nothing of it was carried anywhere.

    Whoever leaves before the verdict is no less told: with the foreign name that the hello had. Where no name came,
    no hello did, and the opening alone is what there is to tell.
    """
    ended = fields["bump"] == "terminate" or (fields["bump"] == "peek" and not _left_early(fields))
    return ended and fields["method"] == "CONNECT" and str(fields["policy"]).startswith("allow:")


def _left_early(fields: dict[str, Any]) -> bool:
    return fields["error"] == _GONE and _name(fields["sni"]) in {"-", _name(fields["host"])}


def _name(text: str) -> str:
    return unquote(text).lower().removesuffix(".")


def _opens_for_secrets(fields: dict[str, Any]) -> bool:
    return fields["method"] == "CONNECT" and fields["bump"] == "bump" and str(fields["policy"]).startswith("allow:")


def _scheme(fields: dict[str, Any]) -> str:
    if fields["method"] == "CONNECT":
        return "https"
    return unquote(fields["scheme"]).lower() if fields["scheme"] != "-" else "http"


def _url(scheme: str, host: str, port: int) -> str:
    if host in {"", "-"}:
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{'' if port == _PORTS.get(scheme) else f':{port}'}/"


def _is_no_tls(fields: dict[str, Any]) -> bool:
    return bool(fields["bump"] == "peek" and fields["error"] != _GONE)


def _tls_reason(fields: dict[str, Any], host: str) -> str:
    named = unquote(fields["sni"])
    if _is_no_tls(fields):
        return f"what was sent through the tunnel to {host} is no TLS hello"
    if named == "-":
        return f"the TLS hello in the tunnel to {host} names no host"
    return f"the TLS hello in the tunnel to {host} names {named}"


def _failure(fields: dict[str, Any]) -> str:
    """What became of it, where that is not what was wanted."""
    if fields["bump"] == "peek" and _left_early(fields):
        return " (the client left before a TLS hello, and nothing was carried)"
    if fields["error"].startswith("ERR_") and int(fields["status"]) >= _ERRORS:
        return f" (it could not be reached: {fields['error']})"
    return ""


def _time(seconds: float) -> str:
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
