"""The session's audit as any client reads it: whole, or line by line while it grows."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from tests.support.cli import Toolkit

SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision; `rule` is a rule's pattern or kind, `more` everything that the audit tells."""

    host: str
    decision: str
    rule: str
    more: Mapping[str, Any]

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Entry:
        return cls(host=told["host"], decision=told["decision"], rule=told["rule"], more=told)


def whole(toolkit: Toolkit, session: str) -> tuple[list[Entry], int]:
    """Every entry of `toolkit audit`, and how many lines it misses."""
    document = toolkit.json("audit", session)
    return [Entry.of(one) for one in document["entries"]], int(document["lost"])


def until(toolkit: Toolkit, session: str, enough: Callable[[list[Entry]], bool]) -> list[Entry]:
    """The whole audit as soon as it is `enough`; AssertionError after SECONDS."""
    deadline = time.monotonic() + SECONDS
    while not enough(found := whole(toolkit, session)[0]):
        assert time.monotonic() < deadline, f"the audit of {session} does not say it: {found[-20:]}"
    return found


class AuditStream:
    """`toolkit audit -f` for a session, kept in the order of arrival. Use it in a `with`."""

    def __init__(self, toolkit: Toolkit, session: str) -> None:
        self._seen: list[Entry] = []
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            toolkit.argv("audit", session, "--follow", "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=toolkit.variables(),
            cwd=toolkit.cwd,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self._seen.append(Entry.of(json.loads(line)))
                self._news.notify_all()

    def count(self) -> int:
        with self._news:
            return len(self._seen)

    def since(self, count: int, enough: Callable[[list[Entry]], bool]) -> list[Entry]:
        """What came after the first `count` entries, as soon as it is `enough`, or at the latest after SECONDS."""
        with self._news:
            self._news.wait_for(lambda: enough(self._seen[count:]), timeout=SECONDS)
            return self._seen[count:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(timeout=30)
        self._thread.join(timeout=30)
        assert self._process.stdout
        self._process.stdout.close()
