"""What preview, up and destroy come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.image import Action
from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.image import BuiltImage, Change


_NONE: Mapping[Action, int] = {}


class Outcome(Record):
    """What changes, or has changed, image by image; `images` are those that are there after `up`.

    `settled`: nothing was to be done, and Pulumi was not asked.
    """

    stack: str
    changes: tuple[Change, ...]
    images: tuple[BuiltImage, ...] = ()
    counts: Mapping[Action, int] = _NONE
    settled: bool = False

    @property
    def changing(self) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.action is not Action.SAME)
