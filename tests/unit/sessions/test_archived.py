"""What an archived session is told by, and that the mark goes on and off once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from toolkit.engines.base import Engine, EngineContainer
from toolkit.errors import EngineError
from toolkit.sessions import archived


@dataclass
class FakeNames:
    """Containers by id; a name is one container's alone, as an engine has it."""

    there: dict[str, EngineContainer] = field(default_factory=dict)

    def container(self, identity: str) -> EngineContainer | None:
        return self.there.get(identity)

    def rename_container(self, identity: str, name: str) -> None:
        if any(one.name == name for one in self.there.values()):
            raise EngineError(f"the name {name} is in use")
        self.there[identity] = replace(self.there[identity], name=name)


def container(name: str, status: str = "exited", identity: str = "one") -> EngineContainer:
    return EngineContainer(id=identity, name=name, image="i", status=status, labels={}, created="")


def engine(*containers: EngineContainer) -> Engine:
    return cast("Engine", FakeNames({one.id: one for one in containers}))


def test_the_name_says_it_unless_it_runs() -> None:
    assert archived.is_archived(container("toolkit-calm-otter-3f9a-archived"))
    assert not archived.is_archived(container("toolkit-calm-otter-3f9a"))
    assert not archived.is_archived(container("toolkit-calm-otter-3f9a-archived", status="running"))


def test_there_and_back() -> None:
    before = container("toolkit-a")
    there = engine(before)
    archived.put_away(there, before)
    now = there.container("one")
    assert now is not None
    assert now.name == "toolkit-a-archived"
    archived.put_away(there, now)
    archived.take_out(there, now)
    assert there.container("one") == before
    archived.take_out(there, before)


def test_another_client_that_did_the_same_is_no_failure() -> None:
    there = engine(container("toolkit-a-archived"))
    archived.put_away(there, container("toolkit-a"))  # as it was when this client looked


def test_a_name_that_somebody_else_has_is() -> None:
    there = engine(container("toolkit-a"), container("toolkit-a-archived", identity="two"))
    with pytest.raises(EngineError, match="in use"):
        archived.put_away(there, container("toolkit-a"))
