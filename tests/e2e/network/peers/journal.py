"""What a peer of the lab writes down: one JSON object a line, whole lines only, readable at once from outside."""

from __future__ import annotations

import json
import os
import threading
import time


class Journal:
    """Appends to the file `path`; `peer` names who writes."""

    def __init__(self, path: str, peer: str) -> None:
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lock = threading.Lock()
        self._peer = peer

    def write(self, what: str, **more: object) -> None:
        line = json.dumps({"peer": self._peer, "what": what, "time": time.time(), **more}) + "\n"
        with self._lock:
            os.write(self._handle, line.encode())
