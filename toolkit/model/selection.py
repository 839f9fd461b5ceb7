"""Which environment a session gets, and who said so."""

from __future__ import annotations

from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.model.environment import EnvironmentSpec


class Source(Record):
    """`layer`: a layer of settings (`managed`, `command-line`, `local`, `project`, `user`), or the fallback
    that decided (`only`, `default`, `first`). `path`: the layer's file, relative to the root where it lies inside.
    """

    layer: str
    path: str | None = None


class Selection(Record):
    """`name` and `source` are None where there is nothing to select; `warnings` name every choice passed over."""

    name: str | None = None
    source: Source | None = None
    warnings: tuple[str, ...] = ()


class Overview(Record):
    """All environments, archived ones too, and the one that is selected now."""

    environments: tuple[EnvironmentSpec, ...]
    selection: Selection

    @property
    def offered(self) -> tuple[EnvironmentSpec, ...]:
        """What can be selected."""
        return tuple(one for one in self.environments if not one.archived)


class SelectionChange(Record):
    """A choice saved, or taken back (`name` None), in the file of `saved`; `overview` is how things stand after it."""

    name: str | None
    saved: Source
    changed: bool
    overview: Overview

    @property
    def overruled_by(self) -> Source | None:
        """The higher layer that still wins over the choice just saved."""
        selection = self.overview.selection
        if self.name is None or selection.name == self.name or selection.source == self.saved:
            return None  # the last: another writer was there in between
        return selection.source
