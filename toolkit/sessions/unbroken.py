"""Work on the engine that an interrupt does not cut in two."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def unbroken(work: Callable[[ThreadPoolExecutor], str], *, threads: int) -> str:
    """What `work` returns; it gets a pool for what it does at the same time, and `threads` counts it too.

    Python raises KeyboardInterrupt in the main thread alone, which does nothing here but wait: a call that is on its
    way to the engine is answered, so that what it made is there to be found by who undoes it. An interrupt thus waits
    for the end of the work, which has a bound for every call; a second one does not.
    """
    with ThreadPoolExecutor(threads) as pool:
        return pool.submit(work, pool).result()
