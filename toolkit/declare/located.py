"""Values that know where they were written: what merging works on, and what `env show` tells the origins from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from toolkit.documents import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.documents import Document, Pointer
    from toolkit.documents.document import Node

Scalar = str | int | float | bool | None
LIST_OF_ONE_VALUE = frozenset({"command", "next"})
"""Lists that are one value, a command line: a child's replaces its parent's."""


class Place(NamedTuple):
    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Located(NamedTuple):  # made dozens of times for each of thousands of files: three times as fast as a dataclass
    """A value and where it stands; `key_at` where its key does, `written` its dotted pointer in that file."""

    value: Scalar | dict[str, Located] | list[Located]
    at: Place
    key_at: Place | None = None
    written: str = ""

    def get(self, *pointer: str | int) -> Located | None:
        found: Located | None = self
        for part in pointer:
            if found is None:
                return None
            if isinstance(found.value, dict) and isinstance(part, str):
                found = found.value.get(part)
            elif isinstance(found.value, list) and isinstance(part, int) and part < len(found.value):
                found = found.value[part]
            else:
                return None
        return found

    def holding(self, value: Scalar | dict[str, Located] | list[Located]) -> Located:
        """Another value at the same place."""
        return Located(value, self.at, self.key_at, self.written)

    def items(self, *pointer: str | int) -> list[Located]:
        """The items of the list there; none where there is no list."""
        found = self.get(*pointer)
        return found.value if found is not None and isinstance(found.value, list) else []

    def plain(self) -> object:
        if isinstance(self.value, dict):
            return {key: one.plain() for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain() for one in self.value]
        return self.value

    def leaves(self, pointer: Pointer = ()) -> Iterator[tuple[Pointer, Place]]:
        """The pointer and place of every scalar and every empty collection."""
        if isinstance(self.value, dict) and self.value:
            for key, one in self.value.items():
                yield from one.leaves((*pointer, key))
        elif isinstance(self.value, list) and self.value:
            for index, one in enumerate(self.value):
                yield from one.leaves((*pointer, index))
        else:
            yield pointer, self.at

    def without(self, *keys: str) -> Located:
        assert isinstance(self.value, dict)
        return self.holding({key: one for key, one in self.value.items() if key not in keys})

    def with_entries(self, entries: dict[str, Located]) -> Located:
        assert isinstance(self.value, dict)
        return self.holding({**self.value, **entries})


def located(document: Document) -> Located:
    """The document's values with their places."""
    if not document.placed:
        return _unplaced(document.data, Place(path=document.path, line=1, column=1))

    def place(offset: int) -> Place:
        line, column = document.source.place(offset)
        return Place(path=document.path, line=line, column=column)

    def below(node: Node, key: int | None, pointer: Pointer) -> Located:
        value: Scalar | dict[str, Located] | list[Located]
        if isinstance(node.value, dict):
            value = {name: below(one, node.keys[name], (*pointer, name)) for name, one in node.value.items()}
        elif isinstance(node.value, list):
            value = [below(one, None, (*pointer, index)) for index, one in enumerate(node.value)]
        else:
            value = node.value
        key_at = None if key is None else place(key)
        return Located(value=value, at=place(node.start), key_at=key_at, written=dotted(pointer))

    return below(document.root, None, ())


def _unplaced(value: Any, at: Place) -> Located:
    if isinstance(value, dict):
        return Located({key: _unplaced(one, at) for key, one in value.items()}, at)
    if isinstance(value, list):
        return Located([_unplaced(one, at) for one in value], at)
    return Located(value, at)


def merged(parent: Located, child: Located, *, key: str = "") -> Located:
    """Maps merge, lists concatenate (each item once), scalars override: the child's place where both have one."""
    if key == "agent":
        return child
    if isinstance(parent.value, dict) and isinstance(child.value, dict):
        entries = dict(parent.value)
        for name, one in child.value.items():
            entries[name] = merged(entries[name], one, key=name) if name in entries else one
        return child.holding(entries)
    if isinstance(parent.value, list) and isinstance(child.value, list) and key not in LIST_OF_ONE_VALUE:
        items = list(parent.value)
        known = {_identity(one) for one in items}
        items += [one for one in child.value if _identity(one) not in known]
        return child.holding(items)
    return child


def _identity(one: Located) -> str:
    return json.dumps(one.plain(), sort_keys=True)
