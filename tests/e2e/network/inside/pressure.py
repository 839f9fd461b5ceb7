"""Tries at wearing the gateway out."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from .wire import Answer, a_try, as_bytes, dial, proxy

if TYPE_CHECKING:
    import socket


@a_try
def idle(count: int, hold: float, per_process: int = 800) -> Answer:
    """Open `count` connections to the gateway that say nothing, and keep them for `hold` seconds.

    Several processes, for the limit of open files holds for each.
    """
    children, opened = [], 0
    code = (
        "import socket,sys,time\n"
        "host,port,count,hold=sys.argv[1],int(sys.argv[2]),int(sys.argv[3]),float(sys.argv[4])\n"
        "found=[]\n"
        "for _ in range(count):\n"
        "    try: found.append(socket.create_connection((host,port),timeout=3))\n"
        "    except OSError: pass\n"
        "print(len(found),flush=True)\n"
        "time.sleep(hold)\n"
    )
    host, port = proxy()
    left = count
    while left > 0:
        share = min(left, per_process)
        words = [sys.executable, "-c", code, host, str(port), str(share), str(hold)]
        children.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        left -= share
    for child in children:
        opened += int((child.stdout.readline() if child.stdout else "") or 0)
    return {"reached": False, "status": None, "opened": opened, "processes": len(children)}


@a_try
def flood(per_second: int, seconds: float, kinds: list[str]) -> Answer:
    """Requests of these texts at a steady rate, each on a connection of its own; none waits for its answer."""
    start, sent, failed = time.monotonic(), 0, 0
    waiting: list[socket.socket] = []
    while time.monotonic() - start < seconds:
        due = int((time.monotonic() - start) * per_second)
        while sent + failed < due:
            try:
                plug = dial()
                plug.sendall(as_bytes(kinds[(sent + failed) % len(kinds)]))
                waiting.append(plug)
                sent += 1
            except OSError:
                failed += 1
        while len(waiting) > 200:
            waiting.pop(0).close()
        time.sleep(0.002)
    for plug in waiting:
        plug.close()
    return {"reached": False, "status": None, "sent": sent, "failed": failed}
