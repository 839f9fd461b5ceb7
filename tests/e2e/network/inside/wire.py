"""What all tries share: the gateway's door, reading what comes back, telling what it says.

Text is Latin-1 wherever it stands for bytes.
"""

from __future__ import annotations

import os
import re
import select
import socket
import time
import urllib.parse
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = b"lab-origin"
"""Stands in every answer of an origin and in none of a gateway."""

SECONDS = 4.0  # for an answer that is to come
CONNECTING = 1.0  # where nothing answers, waiting is in vain: everyone is on one machine
SILENCE = 1.0  # after which nothing more will come
LONGEST = 65_536
LONGEST_TOLD = 3_000
Answer = dict[str, Any]
TRIES: dict[str, Callable[..., Answer]] = {}


def a_try(function: Callable[..., Answer]) -> Callable[..., Answer]:
    TRIES[function.__name__] = function
    return function


def proxy() -> tuple[str, int]:
    """Where the gateway listens, by the session's own variables."""
    found = urllib.parse.urlsplit(os.environ["https_proxy"])
    return str(found.hostname), int(found.port or 3128)


def dial() -> socket.socket:
    return socket.create_connection(proxy(), timeout=SECONDS)


def everything(plug: socket.socket, patience: float = SECONDS) -> bytes:
    """All that comes until the other side closes, or is silent for SILENCE after something came."""
    found, deadline = b"", time.monotonic() + patience
    while len(found) < LONGEST:
        wait = min(deadline - time.monotonic(), SILENCE if found else patience)
        if wait <= 0 or not select.select([plug], [], [], wait)[0]:
            break
        try:
            got = plug.recv(LONGEST)
        except OSError:
            break
        if not got:
            break
        found += got
    return found


def until(plug: Any, end: bytes) -> bytes:
    """Up to `end`, byte by byte: what follows belongs to the next reader."""
    found = b""
    plug.settimeout(SECONDS)
    with suppress(OSError):
        while not found.endswith(end) and len(found) < LONGEST:
            got = plug.recv(1)
            if not got:
                break
            found += got
    return found


def told(found: bytes) -> Answer:
    """What an answer says: status of the first response, why it was refused, whether an origin spoke."""
    status = re.match(rb"HTTP/1\.[01] ([0-9]{3})", found)
    reason = re.search(rb"(?im)^x-deny-reason:[ \t]*(.*?)\r?$", found)
    return {
        "reached": MARK in found,
        "status": int(status[1]) if status else None,
        "reason": as_text(reason[1]) if reason else None,
        "text": as_text(found[:LONGEST_TOLD]),
    }


def as_bytes(text: str) -> bytes:
    return text.encode("latin-1")


def as_text(found: bytes) -> str:
    return found.decode("latin-1")
