"""Rules over what is in force after `extends`.

A problem is reported once: in the file that wrote one of the values that clash; what is wholly inherited is the
parent's own problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.declare import domains
from toolkit.declare.findings import Fault
from toolkit.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.declare.located import Located, Place

_LEVELS = frozenset({"none", "trusted", "full", "custom"})
_PROGRAMS = {"claude": "@anthropic-ai/claude-code", "codex": "@openai/codex"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A fault and the places that make it, the one to blame first, each with the pointer of its value."""

    fault: Fault
    places: tuple[tuple[Place, str], ...]
    severity: Severity = Severity.ERROR

    def reported_in(self, path: str) -> Diagnostic | None:
        for place, pointer in self.places:
            if place.path == path:
                return Diagnostic(
                    path=path,
                    line=place.line,
                    column=place.column,
                    pointer=pointer,
                    rule=self.fault.rule,
                    message=self.fault.message,
                    severity=self.severity,
                    hint=self.fault.hint,
                )
        return None


def check(effective: Located, path: str) -> list[Diagnostic]:
    """The problems of the merged declaration that belong to the file `path`."""
    clashes = [
        *_only_with_custom(effective),
        *_secrets_at_none(effective),
        *_repeated_secrets(effective),
        *_repeated_checks(effective),
        *_hidden(effective),
        *_missing_program(effective),
    ]
    return [found for one in clashes if (found := one.reported_in(path)) is not None]


def _access(effective: Located) -> tuple[str, tuple[tuple[Place, str], ...]]:
    """The level in force, and where it is written; empty where what is written is no level."""
    access = effective.get("network", "access")
    if access is None:
        return "trusted", ()
    level = access.value if isinstance(access.value, str) and access.value in _LEVELS else ""
    return level, ((access.at, access.written),)


def _only_with_custom(effective: Located) -> Iterator[Clash]:
    level, written = _access(effective)
    if level in {"", "custom"}:
        return
    for key in ("allow", "include_defaults"):
        found = effective.get("network", key)
        if found is not None:
            fault = Fault(
                rule=f"{key.replace('_', '-')}-without-custom",
                message=f"'{key}' has no meaning with access {level}",
                hint="write `access: custom`" if key == "allow" else "it belongs to `access: custom`",
            )
            yield Clash(fault=fault, places=((found.key_at or found.at, found.written), *written))


def _secrets_at_none(effective: Located) -> Iterator[Clash]:
    level, written = _access(effective)
    secrets = effective.get("network", "secrets")
    if level != "none" or secrets is None or not effective.items("network", "secrets"):
        return
    fault = Fault(
        rule="secrets-at-none",
        message="secrets have no meaning with access none",
        hint="no request leaves the session",
    )
    yield Clash(fault=fault, places=((secrets.key_at or secrets.at, secrets.written), *written))


def _repeated_secrets(effective: Located) -> Iterator[Clash]:
    hosts: dict[str, str] = {}
    names: dict[str, str] = {}
    for index, secret in enumerate(effective.items("network", "secrets")):
        name = secret.get("name")
        label = str(name.value) if name is not None else str(index)
        if name is not None and isinstance(name.value, str):
            if name.value in names:
                fault = Fault(rule="secret-name-duplicate", message=f"another secret is called '{label}' too")
                yield Clash(fault=fault, places=((name.at, name.written),))
            names.setdefault(name.value, label)
        for host in secret.items("hosts"):
            if not isinstance(host.value, str):
                continue
            if host.value in hosts:
                fault = Fault(
                    rule="secret-host-duplicate",
                    message=f"'{host.value}' is listed twice",
                    hint=f"it gets the secret '{hosts[host.value]}' already",
                )
                yield Clash(fault=fault, places=((host.at, host.written),))
            hosts.setdefault(host.value, label)


def _repeated_checks(effective: Located) -> Iterator[Clash]:
    names: set[str] = set()
    for check in effective.items("verify"):
        name = check.get("name")
        if name is None or not isinstance(name.value, str):
            continue
        if name.value in names:
            fault = Fault(
                rule="verify-name-duplicate",
                message=f"another check is called '{name.value}' too",
                hint="a report names each check once",
            )
            yield Clash(fault=fault, places=((name.at, name.written),))
        names.add(name.value)


def _hidden(effective: Located) -> Iterator[Clash]:
    denied = {one.value: one for one in effective.items("network", "deny") if isinstance(one.value, str)}
    for allowed in effective.items("network", "allow"):
        pattern = domains.covering(denied, allowed.value) if isinstance(allowed.value, str) else None
        if pattern is None:
            continue
        fault = Fault(
            rule="allow-hidden-by-deny",
            message=f"'{allowed.value}' is never allowed: '{pattern}' is denied",
            hint="deny beats allow",
        )
        deny = denied[pattern]
        places = ((allowed.at, allowed.written), (deny.at, deny.written))
        yield Clash(fault=fault, places=places, severity=Severity.WARNING)


def _missing_program(effective: Located) -> Iterator[Clash]:
    agent = effective.get("agent")
    package = _PROGRAMS.get(str(agent.value)) if agent is not None and isinstance(agent.value, str) else None
    if agent is None or package is None:
        return
    installed = [one.value for one in effective.items("image", "packages", "npm") if isinstance(one.value, str)]
    script = effective.get("setup", "script")
    by_script = script is not None and isinstance(script.value, str) and package in script.value
    if by_script or any(one == package or one.startswith(f"{package}@") for one in installed):
        return
    fault = Fault(
        rule="agent-program-missing",
        message=f"no package provides the program of the agent '{agent.value}'",
        hint=f"add {package} to image.packages.npm, unless the base image has it",
    )
    yield Clash(fault=fault, places=((agent.at, agent.written),), severity=Severity.WARNING)
