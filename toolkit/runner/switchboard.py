"""Clients that have joined the session: each gets the events as they come and may type, and nobody waits for them."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import struct
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOCKET = "join.sock"
_WAITING = 20_000
_REPLAYED_BYTES = 256 << 10
_SEND_SECONDS = 30
_LAST_SECONDS = 2.0


class Switchboard:
    """`on_typed` gets each text that is typed (empty: the input's end), and gives a remark for who typed it, or ""."""

    def __init__(self, folder: Path, on_typed: Callable[[str], str]) -> None:
        self._on_typed = on_typed
        self._lock = threading.Lock()
        self._joined: set[queue.Queue[str]] = set()
        self._turn: deque[str] = deque()
        self._turn_bytes = 0
        path = folder / SOCKET
        with contextlib.suppress(OSError):
            os.unlink(path)
        self._plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._plug.bind(str(path))
            os.chmod(path, 0o600)
            self._plug.listen(64)
        except OSError:  # a full disk: nobody can join, and the session goes on
            self._plug.close()
            return
        threading.Thread(target=self._accept, daemon=True).start()

    def tell(self, event: dict[str, Any]) -> None:
        """Give it to all who have joined; one that lags too far behind is let go."""
        line = json.dumps(event)
        with self._lock:
            self._remember(event, line)
            for one in list(self._joined):
                try:
                    one.put_nowait(line)
                except queue.Full:
                    self._joined.discard(one)

    def close(self) -> None:
        """Give the last events a moment to arrive."""
        deadline = time.monotonic() + _LAST_SECONDS
        while time.monotonic() < deadline and any(not one.empty() for one in list(self._joined)):
            time.sleep(0.01)

    def _remember(self, event: dict[str, Any], line: str) -> None:
        """What this turn has said, for who joins in the middle of it: the newest part."""
        if event["type"] in {"turn-started", "session-started"}:
            self._turn.clear()
            self._turn_bytes = 0
        self._turn.append(line)
        self._turn_bytes += len(line)
        while self._turn_bytes > _REPLAYED_BYTES and len(self._turn) > 1:
            self._turn_bytes -= len(self._turn.popleft())

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._plug.accept()
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()
            except (OSError, RuntimeError):
                time.sleep(1)  # no more files or threads: who comes later may have more luck

    def _serve(self, connection: socket.socket) -> None:
        lines: queue.Queue[str] = queue.Queue(_WAITING)
        with self._lock:  # what the turn has said so far, then what it says from now on: nothing twice, nothing lost
            for line in (*self._turn, json.dumps({"type": "joined"})):
                lines.put_nowait(line)
            self._joined.add(lines)
        threading.Thread(target=self._listen, args=(connection, lines), daemon=True).start()
        with connection, contextlib.suppress(OSError):
            while lines in self._joined or not lines.empty():
                with contextlib.suppress(queue.Empty):
                    connection.sendall(lines.get(timeout=1).encode("ascii") + b"\n")
            connection.shutdown(socket.SHUT_RDWR)
        self._forget(lines)

    def _listen(self, connection: socket.socket, lines: queue.Queue[str]) -> None:
        with contextlib.suppress(OSError, ValueError, KeyError, queue.Full):
            for line in connection.makefile("r", encoding="ascii"):
                remark = self._on_typed(str(json.loads(line)["typed"]))
                if remark:
                    lines.put_nowait(json.dumps({"type": "remark", "text": remark}))
        self._forget(lines)

    def _forget(self, lines: queue.Queue[str]) -> None:
        with self._lock:
            self._joined.discard(lines)
