"""Attacks by address: literals in every notation, and names that lead where nobody may go."""

from __future__ import annotations

from tests.e2e.network.attacks.model import Attack, trying
from tests.e2e.network.attacks.names import HTTP, HTTPS
from tests.e2e.network.names import LEADS, OPEN

_RIGHT = trying("plain", url=f"http://right.{LEADS}/control")
_RIGHT_TLS = trying("tunnel", to=f"right.{LEADS}:443")


def _literals() -> tuple[Attack, ...]:
    notations = {
        "dotted": "<origin>",
        "decimal": "<origin-decimal>",
        "hexadecimal": "<origin-hexadecimal>",
        "hexadecimal-parts": "<origin-hexadecimal-parts>",
        "octal": "<origin-octal>",
        "short": "<origin-short>",
        "dot": "<origin>.",
        "mapped": "[::ffff:<origin>]",
        "mapped-hexadecimal": "[::ffff:<origin-groups>]",
        "compatible": "[::<origin>]",
        "nat64": "[64:ff9b::<origin-groups>]",
        "escaped": "<origin-escaped>",
        "private": "<private>",
        "bridge": "<bridge>",
        "loopback": "127.0.0.1",
        "loopback-short": "127.1",
        "any": "0.0.0.0",
        "zero": "0",
        "six-loopback": "[::1]",
        "six-any": "[::]",
        "six-link": "[fe80::1]",
        "six-zone": "[fe80::1%25eth0]",
        "six-zone-raw": "[fe80::1%eth0]",
        "metadata": "169.254.169.254",
    }
    odd = {"escaped", "six-zone", "six-zone-raw"}
    found = []
    for name, host in notations.items():
        rules = ("address", "malformed") if name in odd else ("address",)
        request, opening = trying("plain", url=f"http://{host}/"), trying("tunnel", to=f"{host}:443", sni=OPEN)
        what = f"an address as host ({name})"
        found.append(
            Attack(id=f"literal-{name}-http", what=f"{what}: http", control=HTTP, attempt=request, rules=rules)
        )
        found.append(
            Attack(
                id=f"literal-{name}-https",
                what=f"{what}: CONNECT with an allowed SNI",
                control=HTTPS,
                attempt=opening,
                rules=rules,
            )
        )
    return tuple(found)


def _leading() -> tuple[Attack, ...]:
    """Allowed names: what they resolve to is what is refused."""
    names = (
        *("private", "loopback", "loopback-high", "any", "metadata", "carrier", "class-a", "class-b", "class-c"),
        *("benchmark", "reserved", "multicast", "broadcast", "bridge", "docker", "machine"),
        *("six-loopback", "six-any", "six-mapped", "six-compatible", "six-local", "six-link", "six-nat64", "six-6to4"),
        *("six-teredo", "six-multicast", "mixed", "mixed-six", "many", "alias", "alias-twice"),
        *("gateway", "other-session", "other-gateway"),
    )
    plain = (
        Attack(
            id=f"leads-{name}-http",
            what=f"an allowed name that leads to {name}: http",
            control=_RIGHT,
            attempt=trying("plain", url=f"http://{name}.{LEADS}/"),
            rules=("address",),
        )
        for name in names
    )
    tunnelled = (
        Attack(
            id=f"leads-{name}-https",
            what=f"an allowed name that leads to {name}: https",
            control=_RIGHT_TLS,
            attempt=trying("tunnel", to=f"{name}.{LEADS}:443"),
            rules=("address",),
        )
        for name in ("private", "loopback", "bridge", "machine", "mixed", "alias", "six-mapped", "other-gateway")
    )
    return (*plain, *tunnelled)


def _ports() -> tuple[Attack, ...]:
    plain = {
        "8080": f"http://{OPEN}:8080/",
        "443": f"http://{OPEN}:443/",
        "22": f"http://{OPEN}:22/",
        "3128": f"http://{OPEN}:3128/",
        "0": f"http://{OPEN}:0/",
        "65616": f"http://{OPEN}:65616/",  # 80 beyond sixteen bits
        "minus": f"http://{OPEN}:-80/",
        "word": f"http://{OPEN}:http/",
        "two": f"http://{OPEN}:80:8080/",
    }
    opened = {
        "80": "80",
        "22": "22",
        "25": "25",
        "8443": "8443",
        "65979": "65979",
    }  # 443 beyond sixteen bits
    odd = {"0", "65616", "minus", "word", "two", "65979"}

    def rules(name: str) -> tuple[str, ...]:
        return ("port", "malformed", "address") if name in odd else ("port",)

    return (
        *(
            Attack(
                id=f"port-{name}-http",
                what=f"http to port {name} of an allowed host",
                control=HTTP,
                attempt=trying("plain", url=url),
                rules=rules(name),
            )
            for name, url in plain.items()
        ),
        *(
            Attack(
                id=f"port-{name}-connect",
                what=f"CONNECT to port {name} of an allowed host",
                control=HTTPS,
                attempt=trying("tunnel", to=f"{OPEN}:{port}", sni=OPEN),
                rules=rules(name),
            )
            for name, port in opened.items()
        ),
    )


ATTACKS = (*_literals(), *_leading(), *_ports())
