"""Names resolve to nothing inside: the gateway does the looking up."""

from __future__ import annotations


def silence() -> None:
    """Look-ups fail at once instead of after ten seconds; that they cannot leave is the engine's part.

    Written at every start, since the engine makes the file anew each time.
    """
    with open("/etc/resolv.conf", "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
