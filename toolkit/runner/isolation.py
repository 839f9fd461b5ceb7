"""The last check before any foreign code runs: is the network closed, and does the gateway refuse what it must?

An engine may silently ignore the options that keep the host off the session's network, so its word does not count.
An address that nobody has never answers a connection; one that is there answers within a millisecond, be it with a
refusal. A session that finds an answer where none may be, another way out, or no gateway, fails.
"""

from __future__ import annotations

import errno
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LET_PASS = "the gateway let a name pass that is refused at every level"
MUTE = "the gateway does not answer"

_SECONDS = 0.1
_PORT = 9  # discard: what matters is whether anything answers, not what listens
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ETIMEDOUT, errno.ENETDOWN}
_GATEWAY_SECONDS = 30.0
_PAUSE = 0.02
_PROBE = "toolkit-probe.internal"  # a special-use name: refused at every level, and never looked up
_ROUTES = "/proc/net/route"


def faults(order: Mapping[str, Any]) -> list[str]:
    """What is wrong with the session's network, in words; empty when it is as it must be."""
    silent = order.get("must_not_answer", [])
    gateway = order.get("gateway")
    with ThreadPoolExecutor(1) as beside:  # waiting for silence costs time in which the gateway can come up
        answers = beside.submit(answering, silent)
        found = _gateway_faults(gateway["address"], gateway["port"]) if gateway else []
    found += [f"{one} answers, which must not be there" for one in answers.result()]
    if gateway:
        # Engines may set a default route to the bridge's own address, which nobody has: it leads nowhere.
        found += [f"there is a way around the gateway, by {one}" for one in ways_out() if one not in silent]
    return found


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


def ways_out(table: str = _ROUTES) -> list[str]:
    """The addresses that default routes lead to (proc(5), net/route: hexadecimal, the lowest byte first)."""
    found = []
    with open(table, encoding="ascii") as file:
        for line in file.readlines()[1:]:
            fields = line.split()
            if fields[1] == "00000000" and fields[7] == "00000000":
                found.append(socket.inet_ntoa(bytes.fromhex(fields[2])[::-1]))
    return found


def _gateway_faults(address: str, port: int, seconds: float = _GATEWAY_SECONDS) -> list[str]:
    """The gateway may still be on its way up; that it answers is not enough, it must refuse."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = _ask(address, port)
        except OSError as error:
            if time.monotonic() < deadline:
                time.sleep(_PAUSE)
                continue
            return [f"{MUTE}: {error}"]
        status = answer.split(b" ", 2)[1:2]
        return [] if status == [b"403"] else [f"{LET_PASS}: {status}"]


def _ask(address: str, port: int) -> bytes:
    request = f"GET http://{_PROBE}/ HTTP/1.1\r\nHost: {_PROBE}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((address, port), timeout=5) as connection:
        connection.sendall(request.encode())
        answer = connection.recv(64)
    if not answer:
        raise ConnectionResetError("it closed the connection")
    return answer
