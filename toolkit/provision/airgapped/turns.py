"""Which builds run at the same time."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Turns:
    """Up to `at_once` builds; of those on one base the first goes ahead until one has been made.

    The classic builder shares no work between builds that run at once: after the first the rest find the layers that
    they have in common in its cache.
    """

    def __init__(self, *, at_once: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._ahead: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._made: set[str] = set()

    @asynccontextmanager
    async def turn(self, base: str) -> AsyncIterator[None]:
        """The block is a build on `base`; where it raises, the next one goes ahead."""
        async with AsyncExitStack() as ahead:
            if base not in self._made:
                await ahead.enter_async_context(self._ahead[base])
            if base in self._made:  # by somebody else meanwhile: let the rest through as well
                await ahead.aclose()
            async with self._free:
                yield
            self._made.add(base)
