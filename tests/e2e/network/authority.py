"""The lab's own certificate authority, made anew for each run: its key never outlives the run's folder."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE = "ca.pem"
_CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def make(folder: Path) -> Path:
    """ca.pem, ca.key, and the key that all origins share; returns the certificate's path."""
    folder.mkdir()
    certificate = folder / CERTIFICATE
    extensions = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
    added = [word for one in extensions for word in ("-addext", one)]
    subject = ("-subj", "/O=toolkit tests/CN=lab authority", "-days", "2")
    _openssl("req", "-x509", *_CURVE, *subject, *added, "-keyout", folder / "ca.key", "-out", certificate)
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "leaf.key")
    return certificate


def _openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=30)
