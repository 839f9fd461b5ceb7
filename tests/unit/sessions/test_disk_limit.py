from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from toolkit.engines.base import ContainerRequest, EngineVersion
from toolkit.errors import EngineError
from toolkit.sessions import disk_limit

if TYPE_CHECKING:
    from toolkit.engines.base import Engine
    from toolkit.model.event import Event

REQUEST = ContainerRequest(name="x", image="y", command=(), labels={}, disk=5 << 30)
XFS = "the engine refused: --storage-opt is supported only for overlay over xfs with 'pquota' mount option"


@dataclass
class FakeEngine:
    """`refuses`: what it says to a container with a disk limit; empty: it makes it."""

    driver: str
    filesystem: str
    refuses: str = ""
    made: list[int | None] = field(default_factory=list)

    def version(self) -> EngineVersion:
        return EngineVersion(
            version="", api="", architecture="", local=True, storage_driver=self.driver,
            backing_filesystem=self.filesystem,
        )  # fmt: skip

    def create_container(self, request: ContainerRequest) -> str:
        if request.disk is not None and self.refuses:
            raise EngineError(self.refuses)
        self.made.append(request.disk)
        return "made"


def made(engine: FakeEngine) -> list[str]:
    told: list[Event] = []
    assert disk_limit.create(cast("Engine", engine), REQUEST, told.append) == "made"
    return [one.text for one in told]


@pytest.mark.parametrize(("driver", "filesystem"), [("overlay2", "xfs"), ("btrfs", ""), ("zfs", "")])
def test_it_is_asked_for_where_it_may_hold(driver: str, filesystem: str) -> None:
    engine = FakeEngine(driver, filesystem)
    assert made(engine) == []
    assert engine.made == [5 << 30]


@pytest.mark.parametrize(
    ("driver", "filesystem", "refuses"),
    [("overlay2", "xfs", XFS), ("overlay2", "extfs", ""), ("vfs", "", ""), ("of tomorrow", "xfs", "")],
)
def test_elsewhere_it_is_said_and_left_out(driver: str, filesystem: str, refuses: str) -> None:
    engine = FakeEngine(driver, filesystem, refuses)
    (told,) = made(engine)
    assert "does not hold" in told
    assert driver in told
    assert engine.made == [None]


@pytest.mark.parametrize(
    ("driver", "filesystem", "why"),
    [("overlay2", "xfs", ""), ("zfs", "", ""), ("overlay2", "extfs", "cannot limit"), ("btrfs", "", "does not tell")],
)
def test_where_a_session_cannot_see_it_there_is_a_reason(driver: str, filesystem: str, why: str) -> None:
    found = disk_limit.unseen(FakeEngine(driver, filesystem).version())
    assert (why in found) if why else (found == "")


def test_another_refusal_is_one() -> None:
    with pytest.raises(EngineError, match="no such image"):
        made(FakeEngine("overlay2", "xfs", "no such image"))
