"""A session from its start to its end: prepare, turn, idle, next turn …

From here on the session needs no client: the engine runs this process, and it alone writes the state file.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import clock, inbox, isolation, publish, repository, resolver, trust
from .state import State
from .transcript import Transcript
from .turn import Turn, argv_of

if TYPE_CHECKING:
    from pathlib import Path

_POLL_SECONDS = 0.2
_PUSH_SECONDS = 120.0
_LAST_PUSH_SECONDS = 30.0
_CANNOT_START = 127


class PreparationError(Exception):
    """The session cannot begin; the text says why."""


class Life:
    """`folder` holds session.json, as `toolkit/sessions/plan.py` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._order: dict[str, Any] = json.loads((folder / "session.json").read_text(encoding="utf-8"))
        self._state = State(folder / "state.json")
        self._transcript = Transcript(folder / "transcript.jsonl")
        self._turn: Turn | None = None
        self._end: tuple[str, str] | None = None  # (state, reason) once somebody asked for the end
        self._awake = threading.Event()

    def run(self) -> int:
        """Live until stopped, idle for too long, or too old; the exit code is 0 unless it could not begin."""
        signal.signal(signal.SIGTERM, lambda *_: self._finish("stopped", "stopped by its user"))
        signal.signal(signal.SIGALRM, lambda *_: self._finish("expired", "reached its maximum age"))
        signal.setitimer(signal.ITIMER_REAL, self._order["max_age"])
        try:
            self._prepare()
        except PreparationError as error:
            return self._give_up(str(error))
        while self._end is None:
            text = inbox.take(self._folder)
            if text is not None:
                self._take_turn(text)
            elif not self._wait_for_mail():
                break
        return self._say_goodbye()

    def _prepare(self) -> None:
        resumed = self._state.fields["prepared"]
        self._state.update(
            state="preparing", started=self._state.fields["started"] or clock.now(), finished="", reason=""
        )
        self._say("session-started", source="resume" if resumed else "startup", session=self._order["id"])
        if self._order.get("resolver"):
            resolver.silence()
        with ThreadPoolExecutor(1) as beside:  # waiting for silence costs time in which git can work
            fetching = None if resumed else beside.submit(self._check_out)
            found = isolation.faults(self._order)
            if not found:
                if self._order.get("trust"):
                    trust.add(*self._order["trust"])
                self._say("network-checked")
        if found:
            raise PreparationError(f"the network is not as it must be: {'; '.join(found)}")
        if fetching is not None:
            fetching.result()
        if resumed:
            self._publish(_PUSH_SECONDS)
            self._state.update(state="idle")
            return
        inbox.put(self._folder, self._order["task"])
        self._state.update(prepared=True)

    def _take_turn(self, task: str) -> None:
        number = self._state.fields["turns"] + 1
        self._state.update(state="running", turns=number)
        self._say("turn-started", task=task)
        began = time.monotonic()
        code = self._run_agent(task, number)
        spent = time.monotonic() - began
        if self._end is None:
            self._publish(_PUSH_SECONDS)
        # the state first: who hears that the turn is over and asks where the session is must not read "running"
        self._state.update(exit_code=code, state="failed" if code else "idle", finished=clock.now())
        self._say("turn-finished", exit_code=code, seconds=round(spent, 3))

    def _run_agent(self, task: str, number: int) -> int:
        def on_output(stream: str, text: str) -> None:
            self._transcript.write("output", number, stream=stream, text=text)

        try:
            self._turn = Turn(
                argv_of(self._order["agent"], task, first=number == 1), self._order["project_dir"], on_output
            )
        except OSError as error:
            on_output("stderr", f"the agent cannot start: {error}\n")
            return _CANNOT_START
        if self._end is not None:  # the signal came while it was starting
            self._turn.end()
        code = self._turn.wait()
        self._turn = None
        return code

    def _wait_for_mail(self) -> bool:
        """True when a turn waits, False when the session is to end."""
        deadline = time.monotonic() + self._order["idle_timeout"]
        while self._end is None and time.monotonic() < deadline:
            if inbox.waiting(self._folder):
                return True
            self._awake.wait(_POLL_SECONDS)
        if self._end is None:
            self._finish("failed" if self._state.fields["exit_code"] else "completed", "idle for too long")
        return False

    def _finish(self, state: str, reason: str) -> None:
        if self._end is None:
            self._end = (state, reason)
            self._awake.set()
            if self._turn is not None:
                self._turn.end()

    def _give_up(self, reason: str) -> int:
        self._state.update(state="failed", reason=reason, finished=clock.now())
        self._say("session-ended", state="failed", reason=reason)
        return 1

    def _say_goodbye(self) -> int:
        state, reason = self._end or ("completed", "")
        self._publish(_LAST_PUSH_SECONDS)
        self._state.update(state=state, reason=reason, finished=clock.now())
        self._say("session-ended", state=state, reason=reason)
        return 0

    def _check_out(self) -> None:
        if not self._order.get("repository"):
            return
        try:
            repository.check_out(self._order["repository"], self._order["project_dir"], self._order["id"])
        except repository.RepositoryError as error:
            raise PreparationError(str(error)) from error

    def _publish(self, seconds: float) -> None:
        """What is committed goes out; what exists only here is written down."""
        if not self._order.get("repository"):
            return
        found = publish.publish(self._order["project_dir"], self._order["repository"], seconds=seconds)
        publish.tell(found, self._say)
        self._state.update(**found.fields())

    def _say(self, kind: str, **fields: object) -> None:
        self._transcript.write(kind, self._state.fields["turns"], **fields)
