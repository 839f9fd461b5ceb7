"""What Pulumi says while it works, event by event: progress for people, changes and failures for us."""

from __future__ import annotations

import re
import threading
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from toolkit.errors import ToolkitError
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.image import Action, Change
from toolkit.provision.recorded import IMAGE_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

_TAIL_LINES = 15
_SHORT_LINES = 3
_ACTIONS = {
    "same": Action.SAME,
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "delete": Action.DELETE,
    "replace": Action.REPLACE,
    "create-replacement": Action.REPLACE,
    "delete-replaced": Action.REPLACE,
}
_DOING = {
    Action.CREATE: ("building", "built"),
    Action.UPDATE: ("building", "built"),
    Action.REPLACE: ("building", "built"),
    Action.DELETE: ("removing", "removed"),
}
_BUILDER_NOISE = re.compile(r"\s*---> |Removing intermediate container ")
_COLORS = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")


def tail(text: str, lines: int = _TAIL_LINES) -> str:
    """The last lines that say something."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


class Deployment:
    """Takes the events of one Pulumi operation, which come from another thread."""

    def __init__(self, on_event: OnEvent, *, quiet: bool = False) -> None:
        self._on_event = on_event
        self._quiet = quiet
        self._lock = threading.Lock()
        self._actions: dict[str, Action] = {}
        self._output: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=_TAIL_LINES))
        self._errors: dict[str, list[str]] = defaultdict(list)
        self._failed: list[str] = []
        self._own: Exception | None = None

    def take(self, event: Any) -> None:
        """For `on_event` of the Automation API, which drops exceptions: ours are kept for `check`."""
        try:
            with self._lock:
                self._take(event)
        except Exception as error:  # noqa: BLE001 -- raised again by check()
            self._own = self._own or error

    def check(self) -> None:
        """Raise what went wrong while an event was handled."""
        if self._own is not None:
            raise self._own

    def changes(self, names: Sequence[str] = ()) -> tuple[Change, ...]:
        """Every image's action, by environment; only the named ones' where names are given."""
        return tuple(
            Change(environment=name, resource=IMAGE_TYPE, action=action)
            for name, action in sorted(self._actions.items())
            if not names or name in names
        )

    def failure(self) -> ToolkitError | None:
        """Why the operation failed, in the words of the builds or of the program; None where neither said anything."""
        broken = [name for name in dict.fromkeys([*self._failed, *self._errors]) if name]
        if broken:
            parts = [f"the image of environment '{name}' cannot be built:\n{self._story(name)}" for name in broken]
            return ToolkitError(
                "\n".join(parts),
                hint="mend what the last lines name, then run 'toolkit up' again: nothing needs to be undone",
                code="build",
            )
        said = [text for text in self._errors.get("", ()) if not text.startswith("update failed")]
        return _from_program(said) if said else None

    def _story(self, name: str) -> str:
        """The build's last lines, which some plugins put into the error itself and others report as they come."""
        errors = [line.rstrip() for text in self._errors[name] for line in text.splitlines() if line.strip()]
        told = errors if len(errors) > _SHORT_LINES else [*self._output[name], *errors]
        told = [line for line in told if not _BUILDER_NOISE.match(line)]
        return "\n".join(f"  {line}" for line in told[-_TAIL_LINES:])

    def _take(self, event: Any) -> None:
        if event.resource_pre_event:
            self._started(event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._done(event.res_outputs_event.metadata)
        elif event.res_op_failed_event and event.res_op_failed_event.metadata.type == IMAGE_TYPE:
            self._failed.append(_name(event.res_op_failed_event.metadata.urn))
            self._say(self._failed[-1], Phase.FAILED, f"image {self._failed[-1]}: failed")
        elif event.diagnostic_event:
            self._diagnosed(event.diagnostic_event)

    def _started(self, metadata: Any) -> None:
        action = _ACTIONS.get(str(getattr(metadata.op, "value", metadata.op)))
        if metadata.type != IMAGE_TYPE or action is None:
            return
        name = _name(metadata.urn)
        self._actions[name] = action
        if action in _DOING:
            self._say(name, Phase.STARTED, f"image {name}: {_DOING[action][0]}")

    def _done(self, metadata: Any) -> None:
        name = _name(metadata.urn)
        action = self._actions.get(name)
        if metadata.type == IMAGE_TYPE and action in _DOING:
            self._say(name, Phase.DONE, f"image {name}: {_DOING[action][1]}")

    def _diagnosed(self, diagnostic: Any) -> None:
        text = _COLORS.sub("", diagnostic.message or "").rstrip()
        name = _name(diagnostic.urn or "") if IMAGE_TYPE in (diagnostic.urn or "") else ""
        if not text:
            return
        if diagnostic.severity == "error":
            self._errors[name].append(text.removeprefix("error: "))
        elif name:
            self._output[name].extend(text.splitlines())
            phase = Phase.WARNING if diagnostic.severity == "warning" else Phase.PROGRESS
            self._say(name, phase, f"image {name}: {text}")

    def _say(self, name: str, phase: Phase, text: str) -> None:
        if not self._quiet:
            self._on_event(Event(step=f"image {name}", phase=phase, text=text))


def _from_program(said: Sequence[str]) -> ToolkitError:
    lines = "\n".join(said).splitlines()
    hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
    text = "\n".join(line for line in lines if not line.startswith("hint: "))
    return ToolkitError(tail(text), hint=hints[0] if hints else "", code="pulumi")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
