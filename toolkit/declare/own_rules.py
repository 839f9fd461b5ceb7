"""What a schema can't say about one file by itself, rule by rule (product, section 2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolkit.declare import domains, quantities
from toolkit.declare.findings import Fault, Findings
from toolkit.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.documents import Pointer

VERSION = 1
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
_DURATIONS: tuple[Pointer, ...] = (
    ("setup", "timeout"),
    ("setup", "max_age"),
    ("session", "idle_timeout"),
    ("session", "max_age"),
)
_SIZES: tuple[Pointer, ...] = (("resources", "memory"), ("resources", "disk"))
_SOURCES = ("env", "file", "command")
_DURATION_HINT = "such as 45s, 1h30m or 7d"
_SIZE_HINT = "such as 512m or 1.5g"
_EXACT_MATCHER = re.compile(r"[A-Za-z0-9_\- ,|*]*")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def newer_version(findings: Findings) -> bool:
    """Reports a file of a format that is newer than ours."""
    version = _version(findings)
    if version is None or version <= VERSION:
        return False
    fault = Fault(
        rule="version-newer",
        message=f"version {version} is newer than this toolkit knows ({VERSION})",
        hint="update toolkit",
    )
    findings.add(("version",), fault)
    return True


def check(findings: Findings) -> None:
    """Every rule that needs no other file."""
    _older_version(findings)
    _both_of_a_pair(findings)
    _quantities(findings)
    _domains(findings)
    _secrets(findings)
    _matchers(findings)
    _expressions(findings)


def check_file_name(findings: Findings, *, stem: str, suffix_is_right: bool) -> None:
    name = findings.value("name")
    if isinstance(name, str) and name != stem and NAME.fullmatch(name):
        message = f"'{name}' is not the name of the file, '{stem}'"
        findings.add(("name",), Fault(rule="name-mismatch", message=message, hint="rename one of them"))
    if not suffix_is_right:
        fault = Fault(
            rule="file-suffix", message="an environment's file ends in .yaml", hint=f"rename it to {stem}.yaml"
        )
        findings.add((), fault)


def certificate_fault(path: str, text: str) -> Fault | None:
    if _PEM.search(text):
        return None
    hint = "PEM text that begins with -----BEGIN CERTIFICATE-----"
    return Fault(rule="certificate-format", message=f"'{path}' holds no certificate", hint=hint)


def _version(findings: Findings) -> int | None:
    """The version, a 1.0 read as 1 as JSON Schema does; None where there is none."""
    version = findings.value("version")
    if isinstance(version, bool) or not isinstance(version, int | float) or version != int(version):
        return None
    return int(version)


def _older_version(findings: Findings) -> None:
    version = _version(findings)
    if version is not None and 0 <= version < VERSION:
        message = f"version {version} is older than {VERSION}"
        fault = Fault(rule="version-older", message=message, hint="toolkit env migrate rewrites it")
        findings.add(("version",), fault)


def _both_of_a_pair(findings: Findings) -> None:
    pairs: list[tuple[Pointer, str, str]] = [((), "variables", "variables_file"), (("setup",), "script", "file")]
    pairs += [(pointer, "stdout", "stdout_matches") for pointer, _ in findings.items("verify")]
    for parent, first, second in pairs:
        here = findings.mapping(*parent)
        if first in here and second in here:
            later = max(first, second, key=lambda key: findings.document.place((*parent, key), of_key=True))
            fault = Fault(
                rule=f"{first}-and-{second}".replace("_", "-"),
                message=f"'{first}' and '{second}' are both given",
                hint="keep one of them",
            )
            findings.add((*parent, later), fault, of_key=True)


def _quantities(findings: Findings) -> None:
    for pointer in _DURATIONS:
        if isinstance(findings.value(*pointer), str):
            _quantity(findings, pointer, quantities.seconds, "duration-format", _DURATION_HINT)
    for pointer, hook in findings.items("hooks", "session_start"):
        if isinstance(hook, dict) and isinstance(hook.get("timeout"), str | int | float):
            hint = f"a number of seconds, or {_DURATION_HINT}"
            _quantity(findings, (*pointer, "timeout"), quantities.seconds, "duration-format", hint)
    for pointer, one in findings.items("verify"):
        if isinstance(one, dict) and isinstance(one.get("timeout"), str):
            _quantity(findings, (*pointer, "timeout"), quantities.seconds, "duration-format", _DURATION_HINT)
    for pointer in _SIZES:
        if isinstance(findings.value(*pointer), str):
            _quantity(findings, pointer, quantities.size, "size-format", _SIZE_HINT)


def _quantity(findings: Findings, pointer: Pointer, read: Callable[[object], float], rule: str, hint: str) -> None:
    value = findings.value(*pointer)
    if isinstance(value, bool):
        return
    try:
        read(value)
    except ValueError as error:
        findings.add(pointer, Fault(rule=rule, message=f"{_shown(value)} {error}", hint=hint))


def _domains(findings: Findings) -> None:
    for key in ("allow", "deny"):
        for pointer, item in findings.items("network", key):
            if isinstance(item, str):
                _domain(findings, pointer, item)
    for pointer, _ in findings.items("network", "secrets"):
        for at, host in findings.items(*pointer, "hosts"):
            if isinstance(host, str) and not host.startswith("*"):
                _domain(findings, at, host)


def _domain(findings: Findings, pointer: Pointer, text: str) -> None:
    fault = domains.fault_of(text)
    if fault is not None:
        findings.add(pointer, fault)
    elif domains.is_special_use(text) and pointer[1] != "deny":
        message = f"{_shown(text)} is a special-use name"
        dead = Fault(rule="domain-special-use", message=message, hint="such names are refused at every level")
        findings.add(pointer, dead, severity=Severity.WARNING)


def _secrets(findings: Findings) -> None:
    for pointer, secret in findings.items("network", "secrets"):
        if not isinstance(secret, dict):
            continue
        for at, host in findings.items(*pointer, "hosts"):
            if isinstance(host, str) and host.startswith("*"):
                fault = Fault(
                    rule="secret-host-wildcard",
                    message=f"{_shown(host)} is a wildcard",
                    hint="name each host that may get the secret",
                )
                findings.add(at, fault)
        _source(findings, (*pointer, "from"))


def _source(findings: Findings, pointer: Pointer) -> None:
    source = findings.value(*pointer)
    if not isinstance(source, dict):
        return
    given = [key for key in source if key in _SOURCES]
    hint = f"exactly one of {', '.join(_SOURCES)}"
    if not given:
        findings.add(pointer, Fault(rule="secret-source-missing", message="names no source", hint=hint))
    for key in given[1:]:
        fault = Fault(
            rule="secret-source-several", message=f"'{key}' is a second source beside '{given[0]}'", hint=hint
        )
        findings.add((*pointer, key), fault, of_key=True)


def _matchers(findings: Findings) -> None:
    for pointer, hook in findings.items("hooks", "session_start"):
        matcher = hook.get("matcher") if isinstance(hook, dict) else None
        if not isinstance(matcher, str) or _EXACT_MATCHER.fullmatch(matcher):
            continue
        try:
            re.compile(matcher)
        except (re.error, RecursionError, OverflowError) as error:
            message = f"{_shown(matcher)} is not a regular expression: {error}"
            fault = Fault(rule="hook-matcher-format", message=message, hint="such as startup|resume")
            findings.add((*pointer, "matcher"), fault)


def _expressions(findings: Findings) -> None:
    for pointer, one in findings.items("verify"):
        expression = one.get("stdout_matches") if isinstance(one, dict) else None
        if not isinstance(expression, str):
            continue
        try:
            re.compile(expression)
        except (re.error, OverflowError) as error:
            fault = Fault(
                rule="expression-format",
                message=f"{_shown(expression)} is no regular expression: {error}",
                hint="Python's re, found anywhere in the output",
            )
            findings.add((*pointer, "stdout_matches"), fault)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:58]}…'"
