"""Sessions that `toolkit console` starts beside its prompt: it is back at once, and each outcome is told when known."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING

from toolkit.model.event import Phase
from toolkit.views import conversation as views

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from toolkit.console import Console
    from toolkit.model.event import Event, OnEvent
    from toolkit.model.session import Session

    Work = Callable[[OnEvent], Session]

_WORTH_TELLING = frozenset({Phase.WARNING, Phase.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What has become of a task: `session` is its id, empty where none could be started."""

    task: str
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    task: str
    work: Work
    said: list[Event] = field(default_factory=list)
    outcome: Future[Session] = field(default_factory=Future)

    def run(self) -> None:
        try:
            session = self.work(self.said.append)
        except BaseException as error:  # noqa: BLE001 -- it belongs to who tells the outcome
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(session)


class Starts:
    """One after the other, in a thread that dies with the console: launches of one process share a folder.

    `on_done` is called in that thread when a start is over; all else is for the thread of the prompt.
    """

    def __init__(self, console: Console) -> None:
        self.on_done: Callable[[], None] = _nobody_waits
        self._console = console
        self._orders: SimpleQueue[_Start] = SimpleQueue()
        self._pending: list[_Start] = []
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self, task: str, work: Work) -> None:
        one = _Start(task=task, work=work)
        one.outcome.add_done_callback(lambda _: self.on_done())
        self._pending.append(one)
        if not self._thread.is_alive():
            self._thread.start()
        self._orders.put(one)

    def tell(self) -> None:
        """What is known by now and was not told."""
        while self._pending and self._pending[0].outcome.done():
            self._answers.append(self._told(self._pending.pop(0)))

    def answers(self) -> Sequence[Answer]:
        """Of the whole talk, in the order of the tasks; all of them have been told."""
        self.tell()
        return self._answers

    def wait(self) -> None:
        """Until every outcome is known, and told."""
        if any(not one.outcome.done() for one in self._pending):
            views.show_waiting(self._console, len(self._pending))
        wait([one.outcome for one in self._pending])
        self.tell()

    def leave(self) -> bool:
        """As `wait`; False where an interrupt gave up what was still under way."""
        try:
            self.wait()
        except KeyboardInterrupt:
            views.show_given_up(self._console, len(self._pending))
            return False
        return True

    def _run(self) -> None:
        while True:
            self._orders.get().run()

    def _told(self, one: _Start) -> Answer:
        from toolkit.cli.main import guarded

        started: list[Session] = []

        def show() -> int:
            started.append(one.outcome.result())
            views.show_given(self._console, started[0], task=one.task)
            return 0

        for event in one.said:
            if event.phase in _WORTH_TELLING or self._console.verbose:
                self._console.event(event)
        if one.outcome.exception() is not None:
            views.show_not_started(self._console, one.task)
        guarded(self._console, ["&"], show)
        return Answer(task=one.task, session=started[0].id if started else "")


def _nobody_waits() -> None: ...
