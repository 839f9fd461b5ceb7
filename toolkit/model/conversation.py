"""What was said in `toolkit console` before a task is given: notes, a plan, earlier tasks, what sessions printed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Part(StrEnum):
    NOTE = "note"
    STEP = "step"  # of a plan
    TASK = "task"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """`session`: who was given the task, or who printed it; empty for what the user noted, and for a task at first."""

    part: Part
    text: str
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """In the order in which it was said."""

    said: tuple[Saying, ...] = ()

    @property
    def plan(self) -> tuple[str, ...]:
        """The steps since the last task: those that go with the next one."""
        given = max((index for index, one in enumerate(self.said) if one.part is Part.TASK), default=-1)
        return tuple(one.text for one in self.said[given + 1 :] if one.part is Part.STEP)

    def noted(self, text: str) -> Conversation:
        return self._with(Saying(part=Part.NOTE, text=text))

    def planned(self, text: str) -> Conversation:
        return self._with(Saying(part=Part.STEP, text=text))

    def given(self, task: str) -> Conversation:
        """To a session that is yet to be started."""
        return self._with(Saying(part=Part.TASK, text=task))

    def answered(self, task: str, session: str) -> Conversation:
        """The task has its session; with an empty `session` there is none, and the task was never said."""
        said = list(self.said)
        asked = Saying(part=Part.TASK, text=task)
        if asked not in said:  # forgotten meanwhile
            return self
        at = said.index(asked)
        said[at : at + 1] = [replace(asked, session=session)] if session else []
        return replace(self, said=tuple(said))

    def printed(self, text: str, session: str) -> Conversation:
        """Instead of what the session had printed when it was looked at before: it is told from the beginning."""
        others = tuple(one for one in self.said if (one.part, one.session) != (Part.OUTPUT, session))
        return Conversation(said=(*others, Saying(part=Part.OUTPUT, text=text, session=session)))

    def without_plan(self) -> Conversation:
        dropped = len(self.plan)
        kept: list[Saying] = []
        for one in reversed(self.said):
            if dropped and one.part is Part.STEP:
                dropped -= 1
            else:
                kept.append(one)
        return replace(self, said=tuple(reversed(kept)))

    def _with(self, one: Saying) -> Conversation:
        return replace(self, said=(*self.said, one))


NOTHING_SAID = Conversation()
