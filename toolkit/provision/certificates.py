"""CA certificates as single PEM blocks, each known by its fingerprint rather than by its file's name."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.model.environment import Certificate

try:  # as in toolkit/memory.py: hashlib loads OpenSSL, which takes half as long as starting Python
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # Python 3.12 and later
    from hashlib import sha256

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BLOCK = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s+[A-Za-z0-9+/=\s]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----"
)


def fingerprint(pem: str) -> str:
    """SHA-256 of the certificate's DER form, 64 hex digits; ValueError where the PEM block does not decode."""
    body = "".join(pem.strip().splitlines()[1:-1])
    digest: str = sha256(binascii.a2b_base64(body)).hexdigest()
    return digest


def split(name: str, text: str) -> tuple[Certificate, ...]:
    """Every certificate of a PEM file or bundle; private keys and remarks beside them are left out.

    Raises ToolkitError where there is none, or where one is no X.509 certificate.
    """
    blocks = _BLOCK.findall(text)
    if not blocks:
        raise ToolkitError(f"{name} holds no PEM certificate", hint="a CA file begins with -----BEGIN CERTIFICATE-----")
    return tuple(Certificate(name=name, pem=_checked(name, block)) for block in blocks)


def unique(certificates: Iterable[Certificate], *, checked: Iterable[Certificate] = ()) -> tuple[Certificate, ...]:
    """Each certificate once, in the order of the fingerprints: the same set gives the same tuple, however it came.

    `checked` are single certificates that came out of `split` or `unique` before.
    """
    found = {fingerprint(one.pem): one for one in checked}
    found |= {fingerprint(one.pem): one for single in certificates for one in split(single.name, single.pem)}
    return tuple(found[key] for key in sorted(found))


def read(path: Path) -> tuple[Certificate, ...]:
    """The certificates of one file of this host."""
    try:
        text = path.expanduser().read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ToolkitError(
            f"cannot read the CA file {path}: {error.strerror}", hint="site.ca_certificates names it"
        ) from error
    return split(path.name, text)


def _checked(name: str, block: str) -> str:
    import ssl

    pem = "\n".join(line.strip() for line in block.splitlines() if line.strip()) + "\n"
    pem = re.sub(r"(BEGIN|END) (?:X509|TRUSTED) ", r"\1 ", pem)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise ToolkitError(f"{name} holds a certificate that cannot be read: {error}") from error
    return pem
