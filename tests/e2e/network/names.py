"""The names of the lab, where they lead, and what the sessions' environment says about them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

OPEN = "open.example.net"  # allowed by name
WILD = "wild.example.net"  # names below it are allowed, it is not
TRACKER = "tracker.wild.example.net"  # denied by name among the allowed
NOISY = "noisy.wild.example.net"  # names below it are denied, it is not
VAULT = "vault.example.net"  # gets a secret
SHUT = "shut.example.net"  # on no list
LEADS = "to.example.net"  # names below it are allowed and lead where nobody may go


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everyone is; `bridge` (of the outside network), `docker` (docker0) and `machine` are this host's own."""

    names: str
    origin: str
    foreign: str
    client: str
    bridge: str
    docker: str
    machine: str
    private: str

    @property
    def of_host(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.bridge, self.docker, self.machine)))


def may_be_asked(name: str) -> bool:
    """Whether the policy of the environment `custom` lets the gateway look this name up."""
    denied = name == TRACKER or name.endswith(f".{NOISY}")
    return not denied and (name in {OPEN, VAULT} or name.endswith((f".{WILD}", f".{LEADS}")))


def zone(at: Addresses) -> Mapping[str, Mapping[str, Any]]:
    """Name → records. What is allowed leads to `origin`, all else to `foreign`, below LEADS to where its name says."""
    allowed = (OPEN, f"*.{WILD}", VAULT)
    denied = ("*.example.net", "*.example.org", "*.example", WILD, TRACKER, NOISY, f"*.{NOISY}")
    return {
        **{name: {"A": [at.foreign]} for name in denied},
        **{name: {"A": [at.origin]} for name in allowed},
        **{f"{name}.{LEADS}": records for name, records in _leads(at).items()},
    }


def _leads(at: Addresses) -> dict[str, dict[str, Any]]:
    mapped = "".join(f"{int(one):02x}" for one in at.private.split("."))
    hexadecimal = f"{mapped[:4]}:{mapped[4:]}"
    single = {
        "private": at.private,
        "loopback": "127.0.0.1",
        "loopback-high": "127.8.8.8",
        "any": "0.0.0.0",
        "metadata": "169.254.169.254",
        "carrier": "100.64.0.1",
        "class-a": "10.255.255.1",
        "class-b": "172.16.0.1",
        "class-c": "192.168.0.1",
        "benchmark": "198.18.0.1",
        "reserved": "240.0.0.1",
        "multicast": "224.0.0.251",
        "broadcast": "255.255.255.255",
        "bridge": at.bridge,
        "docker": at.docker,
        "machine": at.machine,
    }
    six = {
        "six-loopback": "::1",
        "six-any": "::",
        "six-mapped": f"::ffff:{at.private}",
        "six-compatible": f"::{at.private}",
        "six-local": "fd00::2",
        "six-link": "fe80::1",
        "six-nat64": f"64:ff9b::{hexadecimal}",
        "six-6to4": f"2002:{hexadecimal}::1",
        "six-teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "six-multicast": "ff02::1",
    }
    return {
        **{name: {"A": [address]} for name, address in single.items()},
        **{name: {"AAAA": [address]} for name, address in six.items()},
        "right": {"A": [at.origin]},
        "mixed": {"A": [at.origin, at.private]},
        "mixed-six": {"A": [at.origin], "AAAA": ["fd00::2"]},
        "many": {"A": [*[at.origin] * 12, at.private]},
        "alias": {"CNAME": f"private.{LEADS}"},
        "alias-twice": {"CNAME": f"alias.{LEADS}"},
        "turning": {"turns": [[at.origin], [at.private]]},
    }


def words(at: Addresses) -> dict[str, str]:
    """Every address by its word, and the origin's in other notations."""
    parts = [int(one) for one in at.origin.split(".")]
    number = int(IPv4Address(at.origin))
    return {
        **{one.name: getattr(at, one.name) for one in fields(at)},
        "origin-decimal": str(number),
        "origin-hexadecimal": hex(number),
        "origin-hexadecimal-parts": ".".join(hex(one) for one in parts),
        "origin-octal": ".".join(f"0{one:o}" for one in parts),
        "origin-short": f"{parts[0]}.{parts[1]}.{parts[2] * 256 + parts[3]}",
        "origin-groups": f"{number >> 16:x}:{number & 0xFFFF:x}",
        "origin-escaped": "".join(f"%{ord(one):02x}" for one in at.origin),
    }
