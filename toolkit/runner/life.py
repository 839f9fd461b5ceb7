"""A session from its start to its end: prepare, turn, idle, next turn …

From here on the session needs no client: the engine runs this process, and it alone writes the state file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from . import agents, clock, inbox, limits, model_host, opening, publish, variables
from .opening import PreparationError
from .state import State
from .switchboard import Switchboard
from .transcript import SEGMENT_BYTES, Transcript
from .turn import Turn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .hooks import Outcome

_POLL_SECONDS = 0.2
_PUSH_SECONDS = 120.0
_LAST_PUSH_SECONDS = 30.0
_AT_WORK = frozenset({"preparing", "running"})
_CANNOT_START = 127
_NOT_ALLOWED = 1
_NO_RESULT = 1


class Life:
    """`folder` holds session.json, as `toolkit/sessions/plan.py` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._order: dict[str, Any] = json.loads((folder / "session.json").read_text(encoding="utf-8"))
        self._state = State(folder / "state.json")
        self._transcript = Transcript(
            folder / "transcript.jsonl",
            known=self._state.fields["events"],
            segment_bytes=self._order.get("segment_bytes", SEGMENT_BYTES),
        )
        self._switchboard = Switchboard(folder, self._typed)
        self._transcript.listen(self._switchboard.tell)
        self._agent = agents.agent_of(
            self._order["agent"],
            self._order["project_dir"],
            remembered=self._state.fields["agent_session"],
            remember=lambda identity: self._state.update(agent_session=identity),
        )
        self._turn: Turn | None = None
        self._typing = threading.Lock()
        self._typed_early: list[bytes] = []
        self._turn_reason = ""
        self._hooks_spoke = False  # since the last turn
        self._end: tuple[str, str] | None = None  # (state, reason) once somebody asked for the end
        self._ending = threading.Event()

    def run(self) -> int:
        """Live until stopped, idle for too long, or too old; the exit code is 0 unless it could not begin."""
        signal.signal(signal.SIGTERM, lambda *_: self._finish("stopped", "stopped by its user, or with its engine"))
        signal.signal(signal.SIGALRM, lambda *_: self._finish("expired", "reached its maximum age"))
        signal.setitimer(signal.ITIMER_REAL, self._order["max_age"])
        limits.Watch(self._end_turn, self._end_at_once)
        try:
            self._prepare()
        except PreparationError as error:
            if self._end is None:
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
        opening.open_doors(self._order, resumed=resumed, wanting=self._wanting, say=self._say)
        called = self._call_hooks(resumed=resumed)
        self._hooks_spoke = any(one.context for one in called)
        for one in called:
            if one.stop:
                raise PreparationError(f"a hook ended the session: {one.stop} ({one.hook.command})")
        if resumed:
            self._rest()
            return
        task = self._order["task"]
        if self._agent.reads_text:
            task = agents.preceded(task, [one.first_message for one in called if one.first_message])
        inbox.put(self._folder, task, name=inbox.FIRST)
        self._state.update(prepared=True)

    def _call_hooks(self, *, resumed: bool) -> list[Outcome]:
        return opening.call_hooks(
            self._order,
            self._folder,
            resumed=resumed,
            of_repository=not self._agent.runs_hooks,
            ending=self._ending,
            say=self._say,
        )

    def _rest(self) -> None:
        """Resumed: at rest, unless turns wait already."""
        self._publish(_PUSH_SECONDS)
        self._state.update(state="idle")
        self._say("session-idle")

    def _take_turn(self, task: str) -> None:
        number = self._state.fields["turns"] + 1
        self._turn_reason = ""
        self._state.update(state="running", turns=number, exit_code=None, finished="", reason="")
        self._say("turn-started", task=task)
        began, counts = time.monotonic(), limits.Counts()
        code, complaint = self._run_agent(task, number)
        spent = time.monotonic() - began
        if self._end is None:
            self._publish(_PUSH_SECONDS)
        reason = ""
        if code:
            reason = self._turn_reason or counts.reason(self._order["project_dir"]) or complaint
        # the state first: who hears that the turn is over and asks where the session is must not read "running"
        self._state.update(
            exit_code=code, state=self._state_after(code), finished=clock.now(), reason=reason,
            events=self._transcript.count,
        )  # fmt: skip
        self._say("turn-finished", exit_code=code, seconds=round(spent, 3))

    def _state_after(self, code: int) -> str:
        """With turns that wait there is no rest, so that who waits for it hears of the last of them."""
        if inbox.waiting(self._folder):
            return "running"
        return "failed" if code else "idle"

    def _run_agent(self, task: str, number: int) -> tuple[int, str]:
        """The exit code of the turn, and what the agent had to complain of."""
        environment = {**os.environ, **variables.kept(self._folder)}
        environment["TOOLKIT_CONTEXT_FILE"] = str(self._folder / opening.CONTEXT)
        environment.update(self._agent.variables(environment))
        wanting = self._wanting(environment)
        if wanting:
            self._write_output(number, "stderr", f"{wanting}\n")
            return _NOT_ALLOWED, wanting
        stream = self._agent.stream()

        def on_output(name: str, text: str) -> None:
            if stream is None or name != "stdout":
                self._write_output(number, name, text)
                return
            for event, shown in stream.take(text):
                self._write_agent(number, event, shown)

        asked = agents.Asked(
            task,
            first=number == 1,
            context=opening.context_of(self._folder),
            news=self._hooks_spoke,
            environment=environment,
        )
        try:
            code = self._live_through(
                Turn(
                    self._agent.argv(asked),
                    cwd=self._order["project_dir"],
                    environment=environment,
                    typed=self._agent.typed,
                    on_output=on_output,
                )
            )
        except (OSError, RuntimeError) as error:
            self._write_output(number, "stderr", f"the agent cannot start: {error}\n")
            return _CANNOT_START, f"the agent cannot start: {error}"
        if stream is None:
            return code, ""
        for event, shown in stream.close():
            self._write_agent(number, event, shown)
        return (code or (0 if stream.outcome else _NO_RESULT)), stream.complaint or (
            "" if stream.outcome else "the agent ended without a result"
        )

    def _wanting(self, environment: Mapping[str, str]) -> str:
        """What the agent needs and does not have here, and what mends it; empty where it can work."""
        missing = agents.missing_program(self._agent)
        if missing:
            return f"the image has no '{missing}': name its package in image.packages.npm"
        return model_host.refusal(
            self._agent.model_address(environment),
            self._order.get("gateway", {}),
            environment.get("no_proxy", ""),
            self._order.get("environment", ""),
        )

    def _live_through(self, turn: Turn) -> int:
        with self._typing:
            for text in self._typed_early:
                turn.feed(text)
            self._typed_early.clear()
            self._turn = turn
        self._hooks_spoke = False
        if self._end is not None:  # the signal came while it was starting
            turn.end()
        code = turn.wait()
        with self._typing:
            self._turn = None
        return code

    def _write_output(self, number: int, stream: str, text: str) -> None:
        self._transcript.write("output", number, stream=stream, text=text, **self._if_late(number))

    def _write_agent(self, number: int, event: dict[str, Any] | None, text: str) -> None:
        if event is None:
            self._write_output(number, "stdout", text)
        else:
            self._transcript.write("agent", number, event=event, text=text, **self._if_late(number))

    def _if_late(self, number: int) -> dict[str, Any]:
        """Output alone means that its turn runs; what comes from the background of an earlier one says where we are."""
        late = self._turn is None or number != self._state.fields["turns"]
        return {"status": self._state.public} if late else {}

    def _typed(self, text: str) -> str:
        """What a joined client typed: for the turn's stdin, or for an agent without one, the next turn."""
        if self._agent.typed:
            return self._type(text)
        if text.strip():
            with contextlib.suppress(OSError):
                inbox.put(self._folder, text.strip())
        return ""

    def _type(self, text: str) -> str:
        content = text.encode("utf-8", "replace")
        with self._typing:
            if self._turn is not None:
                self._turn.feed(content)
            elif self._state.fields["state"] in _AT_WORK:  # the turn is about to begin: hooks may still run
                self._typed_early.append(content)
            else:
                return "no turn is running: 'toolkit send' queues one" if text else ""
        return ""

    def _wait_for_mail(self) -> bool:
        """True when a turn waits, False when the session is to end."""
        deadline = time.monotonic() + self._order["idle_timeout"]
        while self._end is None and time.monotonic() < deadline:
            if inbox.waiting(self._folder):
                return True
            # Not a wait for the event: the signal that ends us sets it in this thread, which would wait for the lock
            # that it holds in there itself, for ever. A sleep ends by itself.
            time.sleep(_POLL_SECONDS)
        if self._end is None:
            self._finish("failed" if self._state.fields["exit_code"] else "completed", "idle for too long")
        return False

    def _finish(self, state: str, reason: str) -> None:
        if self._end is None:
            self._end = (state, reason)
            self._ending.set()
            if self._turn is not None:
                self._turn.end()

    def _end_turn(self, reason: str) -> None:
        """The turn has run into a limit: it is killed, and the session is there for the next one."""
        self._turn_reason = reason
        if self._turn is not None:
            self._turn.kill()

    def _end_at_once(self, reason: str) -> None:
        """Killing the turn did not help: with this process everything in the container ends."""
        self._state.update(state="failed", reason=reason, finished=clock.now(), events=self._transcript.count + 1)
        self._say("session-ended", state="failed", reason=reason)
        os._exit(1)

    def _give_up(self, reason: str) -> int:
        self._part("failed", reason)
        return 1

    def _say_goodbye(self) -> int:
        self._publish(_LAST_PUSH_SECONDS)
        self._part(*(self._end or ("completed", "")))
        return 0

    def _part(self, state: str, reason: str) -> None:
        self._state.update(state=state, reason=reason, finished=clock.now(), events=self._transcript.count + 1)
        self._say("session-ended", state=state, reason=reason)
        self._switchboard.close()

    def _publish(self, seconds: float) -> None:
        """What is committed goes out; what exists only here is written down."""
        if not self._order.get("repository"):
            return
        found = publish.publish(self._order["project_dir"], self._order["repository"], seconds=seconds)
        publish.tell(found, self._say)
        self._state.update(**found.fields())

    def _say(self, kind: str, **fields: object) -> None:
        self._transcript.write(kind, self._state.fields["turns"], **fields, status=self._state.public)
