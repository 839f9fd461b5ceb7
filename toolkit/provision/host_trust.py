"""The CA certificates that this host trusts beyond the public roots: a company's own, above all."""

from __future__ import annotations

import hashlib
import re
import ssl
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.model.environment import Certificate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Bundles that a distribution assembles from public roots and the administrator's own.
_BUNDLES = (Path("/etc/ssl/certs/ca-certificates.crt"),)
# Folders that hold only what the administrator added (Fedora, its kin, and Arch).
_ANCHORS = (
    Path("/etc/pki/ca-trust/source/anchors"),
    Path("/usr/share/pki/ca-trust-source/anchors"),
    Path("/etc/ca-certificates/trust-source/anchors"),
)
# The distribution's own public roots: certifi drops some earlier and takes some later.
_PUBLIC = Path("/usr/share/ca-certificates/mozilla")
_SHOWN_DIGITS = 16
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def host_certificates() -> tuple[Certificate, ...]:
    """They, each once and in the order of their fingerprints; empty on a host that trusts the public roots alone.

    Only what the system as a whole trusts counts, not variables of one shell: the same host gives the same images.
    """
    return beyond(_texts((*_BUNDLES, *_files(_ANCHORS))), public=(_certifi(), *_texts(_files((_PUBLIC,)))))


def beyond(trusted: Iterable[str], *, public: Iterable[str]) -> tuple[Certificate, ...]:
    """The CA certificates of the `trusted` PEM texts that none of the `public` ones holds, told apart by their DER."""
    known = {fingerprint for text in public for fingerprint in _authorities(text)}
    found = {key: der for text in trusted for key, der in _authorities(text).items() if key not in known}
    return tuple(
        Certificate(name=f"host-{key[:_SHOWN_DIGITS]}.crt", pem=ssl.DER_cert_to_PEM_cert(found[key]))
        for key in sorted(found)
    )


def _authorities(text: str) -> dict[str, bytes]:
    """SHA-256 → DER of each CA certificate in a PEM text; other certificates, and what cannot be read, are left out."""
    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for block in _BLOCK.findall(text):
        with suppress(ssl.SSLError, ValueError):
            store.load_verify_locations(cadata=block)
    return {hashlib.sha256(der).hexdigest(): der for der in store.get_ca_certs(binary_form=True)}


def _certifi() -> str:
    import certifi

    return Path(certifi.where()).read_text(encoding="ascii", errors="ignore")


def _files(folders: Sequence[Path]) -> list[Path]:
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()]


def _texts(paths: Iterable[Path]) -> list[str]:
    return [path.read_text(encoding="ascii", errors="ignore") for path in paths if path.is_file()]
