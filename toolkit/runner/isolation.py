"""The last check before any foreign code runs: does something answer that must not?

An engine may silently ignore the options that keep the host off the session's network, so its word does not
count. An address that nobody has never answers a connection; one that is there answers within a millisecond,
be it with a refusal. A session that finds an answer fails, whatever the engine promised.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = 0.3
_PORT = 9  # discard: what matters is whether anything answers, not what listens
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ETIMEDOUT, errno.ENETDOWN}


def answering(addresses: Iterable[str], seconds: float = _SECONDS) -> list[str]:
    """Those of the addresses that answer a TCP connection at all, refusals included."""
    return [address for address in addresses if _answers(address, seconds)]


def _answers(address: str, seconds: float) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(seconds)
        try:
            attempt.connect((address, _PORT))
        except socket.timeout:
            return False
        except OSError as error:
            return error.errno not in _UNREACHABLE
    return True
