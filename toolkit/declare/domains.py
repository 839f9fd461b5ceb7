"""Domain names and wildcards as the network rules take them."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import TYPE_CHECKING

from toolkit.declare.findings import Fault
from toolkit.model.policy import SPECIAL_USE

if TYPE_CHECKING:
    from collections.abc import Collection

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LONGEST = 253
_PLAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
"""What most domains look like: nothing below has anything to say about these."""
_NEVER_LEAVING = (*SPECIAL_USE, *(f"*.{one}" for one in SPECIAL_USE))
_BELOW_THOSE = tuple(f".{one}" for one in SPECIAL_USE)


def fault_of(text: str) -> Fault | None:
    """Why `text` is neither a domain nor `*.` before one; None where it is."""
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text):
        return None
    return _shape_fault(text) or _address_fault(text) or _wildcard_fault(text) or _alphabet_fault(text) or _labels(text)


def normal(text: str) -> str:
    """The one spelling of a domain: lower case."""
    return text.lower()


def covering(patterns: Collection[str], name: str) -> str | None:
    """The pattern that covers `name`, if any; quick when `patterns` is a set, however large."""
    if name in patterns:
        return name
    rest = name.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        if f"*.{rest}" in patterns:
            return f"*.{rest}"
    return None


def is_special_use(text: str) -> bool:
    """Names that never leave a machine or a site: no rule opens them."""
    name = normal(text)
    return name in _NEVER_LEAVING or name.endswith(_BELOW_THOSE)


def _shape_fault(text: str) -> Fault | None:
    if not text:
        return Fault(rule="domain-empty", message="'' is not a domain", hint="such as api.example.com")
    scheme = _SCHEME.match(text)
    if scheme:
        rest = re.split(r"[/?#]", text[scheme.end() :])[0].rpartition("@")[2]
        host = rest.partition(":")[0]
        return Fault(
            rule="domain-scheme",
            message=f"{_shown(text)} has a scheme",
            hint=f"write the domain alone: {host}" if host else "write the domain alone",
        )
    if re.search(r"[/?#\\]", text):
        host = re.split(r"[/?#\\]", text)[0]
        hint = f"rules hold for a whole host: {host}" if host else "rules hold for a whole host"
        return Fault(rule="domain-path", message=f"{_shown(text)} has a path", hint=hint)
    return None


def _address_fault(text: str) -> Fault | None:
    bare = text.removeprefix("[").partition("]")[0].partition("%")[0].rstrip(".")
    host, colon, port = text.rpartition(":")
    last = bare.rpartition(".")[2].lower()
    if _is_address(bare) or _NUMERIC.fullmatch(last) or _is_address(host):
        return Fault(
            rule="domain-ip-address",
            message=f"{_shown(text)} is an IP address",
            hint="addresses are refused at every level; allow the host by its name",
        )
    if colon and (port.isdigit() or not port):
        return _port_fault(text, host)
    return None


def _port_fault(text: str, host: str) -> Fault:
    if _NUMERIC.fullmatch(host.rpartition(".")[2].lower()):
        return Fault(
            rule="domain-ip-address",
            message=f"{_shown(text)} is an IP address",
            hint="addresses are refused at every level; allow the host by its name",
        )
    return Fault(
        rule="domain-port",
        message=f"{_shown(text)} has a port",
        hint=f"only 80 and 443 are reached anyway: {host}" if host else "only 80 and 443 are reached anyway",
    )


def _wildcard_fault(text: str) -> Fault | None:
    if "*" not in text:
        return None
    if text in {"*", "*."}:
        return Fault(rule="domain-wildcard", message=f"'{text}' would be every domain", hint="that is `access: full`")
    if not text.startswith("*.") or "*" in text[1:]:
        return Fault(
            rule="domain-wildcard",
            message=f"{_shown(text)} has a wildcard in the wrong place",
            hint="only `*.` at the beginning stands for all subdomains",
        )
    if "." not in text[2:].rstrip("."):
        return Fault(
            rule="domain-wildcard",
            message=f"{_shown(text)} would be a whole top-level domain",
            hint=f"name at least two parts after it, such as *.example.{text[2:].rstrip('.') or 'com'}",
        )
    return None


def _alphabet_fault(text: str) -> Fault | None:
    if text.isascii():
        return None
    try:
        encoded = ".".join(_a_label(label) for label in re.split("[.\u3002\uff0e\uff61]", text))
    except UnicodeError:
        encoded = ""
    return Fault(
        rule="domain-non-ascii",
        message=f"{_shown(text)} is not in the form that names have on the wire",
        hint=f"write {encoded}" if encoded else "write its xn-- form",
    )


def _labels(text: str) -> Fault | None:
    if text.endswith("."):
        return Fault(
            rule="domain-trailing-dot", message=f"{_shown(text)} ends in a dot", hint=f"write {text.rstrip('.')}"
        )
    bare = normal(text).removeprefix("*.")
    if len(bare) > _LONGEST:
        return Fault(rule="domain-format", message=f"a domain has at most {_LONGEST} characters, not {len(bare)}")
    labels = bare.split(".")
    wrong = next((one for one in labels if not _LABEL.fullmatch(one)), None)
    if wrong is not None:
        problem = f"{_shown(wrong)} can't be a part of one" if wrong else "a part of it is empty"
        return Fault(
            rule="domain-format",
            message=f"{_shown(text)} is not a domain: {problem}",
            hint="parts are a-z, 0-9 and - inside, at most 63 characters",
        )
    if len(labels) < 2:
        return Fault(
            rule="domain-format",
            message=f"{_shown(text)} is not a full domain",
            hint="it is refused at every level" if is_special_use(text) else f"such as {text}.example.com",
        )
    return None


def _a_label(label: str) -> str:
    """The ASCII form of one label (RFC 5891, 4.4), for labels that are valid in IDNA 2008."""
    normal_form = unicodedata.normalize("NFKC", label.lower())
    return normal_form if normal_form.isascii() else "xn--" + normal_form.encode("punycode").decode("ascii")


def _is_address(text: str) -> bool:
    if ":" not in text and not text[-1:].isdigit():  # no notation ends so; asking the library costs far more
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 80 else repr(text[:77] + "…")
