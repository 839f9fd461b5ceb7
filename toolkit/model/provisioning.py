"""What preview, up and destroy come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.model.image import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.image import BuiltImage, Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What changes, or has changed, image by image; `images` are those that are there after `up`.

    `settled`: nothing was to be done, and Pulumi was not asked.
    """

    stack: str
    changes: tuple[Change, ...]
    images: tuple[BuiltImage, ...] = ()
    counts: Mapping[Action, int] = field(default_factory=dict)
    settled: bool = False

    @property
    def changing(self) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.action is not Action.SAME)
