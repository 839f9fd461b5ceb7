"""The CA certificates that this host trusts beyond the public roots: a company's own, above all."""

from __future__ import annotations

import json
import os
import re
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import paths
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
_TICK = 3_000_000_000  # ns: the coarsest clock of a file system in use
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


def host_certificates() -> tuple[Certificate, ...]:
    """They, each once and in the order of their fingerprints; empty on a host that trusts the public roots alone.

    Only what the system as a whole trusts counts, not variables of one shell: the same host gives the same images.
    Telling them from the public roots takes longer than all else of an `up` with nothing to do: what was found is kept
    for as long as no file that it was found in has changed.
    """
    state = _state((*_BUNDLES, *_files(_ANCHORS), _certifi_file(), _PUBLIC))
    kept = _recalled(state)
    if kept is not None:
        return kept
    found = beyond(_texts((*_BUNDLES, *_files(_ANCHORS))), public=_texts((_certifi_file(), *_files((_PUBLIC,)))))
    _keep(state, found)
    return found


def beyond(trusted: Iterable[str], *, public: Iterable[str]) -> tuple[Certificate, ...]:
    """The CA certificates of the `trusted` PEM texts that none of the `public` ones holds, told apart by their DER."""
    import ssl

    known = {fingerprint for text in public for fingerprint in _authorities(text)}
    found = {key: der for text in trusted for key, der in _authorities(text).items() if key not in known}
    return tuple(
        Certificate(name=f"host-{key[:_SHOWN_DIGITS]}.crt", pem=ssl.DER_cert_to_PEM_cert(found[key]))
        for key in sorted(found)
    )


def _authorities(text: str) -> dict[str, bytes]:
    """SHA-256 → DER of each CA certificate in a PEM text; other certificates, and what cannot be read, are left out."""
    import hashlib
    import ssl

    store = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for block in _BLOCK.findall(text):
        with suppress(ssl.SSLError, ValueError):
            store.load_verify_locations(cadata=block)
    return {hashlib.sha256(der).hexdigest(): der for der in store.get_ca_certs(binary_form=True)}


def _certifi_file() -> Path:
    """Where certifi's list lies by default; asking certifi itself would import a third of all that an `up` needs."""
    from importlib.util import find_spec

    found = find_spec("certifi")
    listed = Path(found.origin).with_name("cacert.pem") if found is not None and found.origin else None
    if listed is not None and listed.is_file():
        return listed
    import certifi

    return Path(certifi.where())


def _state(places: Iterable[Path]) -> list[list[Any]]:
    """What the system says of files and folders that the answer rests on; a folder changes with its entries."""
    found = []
    for place in places:
        with suppress(OSError):
            at = place.stat()
            found.append([str(place), at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns])
    return found


def _memory() -> Path:
    """One for each installation of the public roots: they differ, and so may what lies beyond them."""
    name = zlib.crc32(str(_certifi_file()).encode())
    return paths.cache_dir() / f"host-trust-{name:08x}.json"


def _recalled(state: list[list[Any]]) -> tuple[Certificate, ...] | None:
    try:
        kept = json.loads(_memory().read_bytes())
        return tuple(Certificate(**one) for one in kept["certificates"]) if kept["state"] == state else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(state: list[list[Any]], found: Sequence[Certificate]) -> None:
    """Not where a file is so young that a second change could hide in the same tick of the file system's clock."""
    if any(time.time_ns() - changed < _TICK for *_, changed in state):
        return
    place = _memory()
    staged = place.with_suffix(f".{os.getpid()}.new")
    body = {"state": state, "certificates": [{"name": one.name, "pem": one.pem} for one in found]}
    with suppress(OSError):
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staged.write_text(json.dumps(body))
        staged.replace(place)
    staged.unlink(missing_ok=True)


def _files(folders: Sequence[Path]) -> list[Path]:
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_file()]


def _texts(paths: Iterable[Path]) -> list[str]:
    return [path.read_text(encoding="ascii", errors="ignore") for path in paths if path.is_file()]
