"""The CA of the session's own gateway, added to what the session's programs trust."""

from __future__ import annotations

import os


def add(certificate: str, bundle: str) -> None:
    """Append the certificate to the system's list of CAs (`bundle` may be a link to it), once.

    By hand, since the distributions' own tools take a second and more.
    """
    with open(certificate, encoding="ascii") as file:
        text = file.read()
    target = os.path.realpath(bundle)
    with open(target, encoding="utf-8", errors="surrogateescape") as file:
        known = file.read()
    if text in known:
        return
    with open(target, "a", encoding="utf-8") as file:
        file.write(("" if known.endswith("\n") or not known else "\n") + text)
