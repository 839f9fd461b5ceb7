"""The network that leads outside, for gateways that start at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from toolkit.sessions.outer_network import Outer


def test_it_is_looked_for_once_by_all_who_ask_at_once() -> None:
    asked = threading.Semaphore(0)
    together = threading.Barrier(4)

    def look() -> str:
        asked.release()
        return "net"

    outer = Outer(look)

    def ask(_: int) -> str:
        together.wait(timeout=10)
        return outer()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {"net"}
    assert asked.acquire(blocking=False)
    assert not asked.acquire(blocking=False)


def test_one_that_is_gone_is_made_anew_for_everybody() -> None:
    names = iter(("first", "second", "third"))
    outer = Outer(lambda: next(names))
    assert outer() == "first"
    assert outer("first") == "second"
    assert outer("first") == "second", "who hears of it later gets the new one too"
    assert outer("second") == "third"
