"""What a person or a program calls an address → a `Url` in its one spelling, or the reason why it is none.

Where readers of URLs differ (backslashes, user names before the host, escapes in it), the text is refused: one reader
must not be shown another host than the next one goes to. Host forms follow the WHATWG URL standard, section 3.5,
numbers as IPv4 addresses included.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from toolkit.model.policy import PORTS, Url

_WITH_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://(.*)", re.IGNORECASE)
_OPAQUE = re.compile(r"([a-z][a-z0-9+-]*):(?![0-9]*(?:[/?#]|$))", re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]{0,62}")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DIGITS = re.compile(r"0{0,59}[0-9]{1,5}")  # bounded: int() refuses very long runs
_LONGEST = 253
_DEFAULT_SCHEME = "https"


class _MalformedError(Exception):
    """Carries the fault; never leaves this module."""


def parse(text: str) -> Url:
    """The URL, or with `fault` why there is none; a bare host means https. Every text has an answer."""
    printable = text.encode("utf-8", "replace").decode("utf-8")
    try:
        _check_characters(text)
        scheme, rest = _split_scheme(text)
        if scheme not in PORTS:
            return Url(text=printable, scheme=scheme)
        host, port = _split_port(_authority(rest))
        address = _address(host)
        if address:
            return Url(text=printable, scheme=scheme, host=address, port=port or PORTS[scheme], is_address=True)
        return Url(text=printable, scheme=scheme, host=_name(host), port=port or PORTS[scheme])
    except _MalformedError as error:
        return Url(text=printable, fault=str(error))


def _check_characters(text: str) -> None:
    if not text:
        raise _MalformedError("is empty")
    for one in text:
        if unicodedata.category(one) in {"Cc", "Cs"} or one.isspace():
            kind = "a blank" if one == " " else f"a control character (U+{ord(one):04X})"
            raise _MalformedError(f"holds {kind}")
    if "\\" in text:
        raise _MalformedError("holds a backslash, which some clients read as '/' and some do not")


def _split_scheme(text: str) -> tuple[str, str]:
    found = _WITH_SCHEME.match(text)
    if found:
        return found[1].lower(), found[2]
    if _ipv6(text):
        return _DEFAULT_SCHEME, text
    if text.startswith("/"):
        raise _MalformedError("names no scheme and no host")
    word = text.partition(":")[0]
    if word != text and word.lower() in PORTS:
        raise _MalformedError(f"lacks '//' after '{word}:'")
    opaque = _OPAQUE.match(text)
    if opaque and "@" not in text:
        return opaque[1].lower(), ""
    return _DEFAULT_SCHEME, text


def _authority(rest: str) -> str:
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    if "#" in authority:  # behind a path every client leaves it out
        raise _MalformedError("has a '#' in its host, which clients read differently: leave out '#' and what follows")
    if "@" in authority:
        raise _MalformedError("holds a user name or password: the host is what follows '@', write that alone")
    return authority


def _split_port(authority: str) -> tuple[str, int]:
    """The host, an IPv6 address without its brackets, and the port; 0 where none is given."""
    if authority.startswith("["):
        host, closed, after = authority[1:].partition("]")
        if not closed or not _ipv6(host) or (after and not after.startswith(":")):
            raise _MalformedError("has brackets that hold no IPv6 address")
        return host, _port(after.removeprefix(":"))
    if _ipv6(authority):
        return authority, 0
    host, _, port = authority.partition(":")
    return host, _port(port)


def _port(digits: str) -> int:
    if not digits:
        return 0
    value = int(digits) if _DIGITS.fullmatch(digits) else 0
    if not 1 <= value <= 65535:
        raise _MalformedError(f"has a port that is none: '{_short(digits)}'")
    return value


def _address(host: str) -> str:
    """The usual notation of an IP address in any of its forms; empty for names."""
    known = _ipv6(host)
    if known:
        return known
    plain = unicodedata.normalize("NFKC", host).replace("。", ".").lower().removesuffix(".")
    if not _NUMERIC.fullmatch(plain.rpartition(".")[2]):
        return ""
    return _ipv4(plain.split(".")) or _short(plain)


def _ipv4(parts: list[str]) -> str:
    """Decimal, octal and hexadecimal parts, the last one filling what is missing; empty where it is no address."""
    if len(parts) > 4:
        return ""
    try:
        numbers = [_number(one) for one in parts]
        head = sum(number << (24 - 8 * index) for index, number in enumerate(numbers[:-1]) if number < 256)
        fits = all(number < 256 for number in numbers[:-1]) and numbers[-1] < 256 ** (5 - len(numbers))
        return str(IPv4Address(head + numbers[-1])) if fits else ""
    except ValueError:
        return ""


def _number(part: str) -> int:
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _ipv6(text: str) -> str:
    """The usual notation, without a zone; empty where the text is none."""
    if ":" not in text:
        return ""
    try:
        return str(IPv6Address(text.partition("%")[0]))
    except AddressValueError:
        return ""


def _name(host: str) -> str:
    if not host:
        raise _MalformedError("names no host")
    if "%" in host:
        raise _MalformedError("has an escape ('%') in its host: write the host as it is")
    if "*" in host:
        raise _MalformedError("has a '*' in its host: ask for one host")
    name = (host if host.isascii() else _wire_form(host)).lower().removesuffix(".")
    if len(name) > _LONGEST:
        raise _MalformedError(f"has a host of more than {_LONGEST} characters")
    if not _HOST.fullmatch(name):
        raise _MalformedError(f"has a host that can't be one: '{_short(host)}'")
    return name


def _wire_form(host: str) -> str:
    """The xn-- form, as browsers and curl make it (IDNA 2008 after the mapping of UTS 46)."""
    import idna  # here: only few hosts need its tables

    try:
        return idna.encode(host[: 4 * _LONGEST], uts46=True).decode("ascii")
    except UnicodeError as error:
        raise _MalformedError(f"has a host that can't be one: '{_short(host)}'") from error


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
