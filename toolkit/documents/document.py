"""A YAML document as plain values, with the place of every key and value in its text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.diagnostics import Diagnostic
    from toolkit.documents.text import SourceText

Pointer = tuple[str | int, ...]
Scalar = str | int | float | bool | None


def dotted(pointer: Pointer) -> str:
    """`("network", "allow", 0)` → `network.allow.0`, the form that people and JSON see."""
    return ".".join(str(part) for part in pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value at its offset in the text; `keys` holds the key's offset of each entry of a mapping."""

    start: int
    value: Scalar | dict[str, Node] | list[Node]
    style: str = ""
    keys: dict[str, int] = field(default_factory=dict)

    def moved(self, start: int) -> Node:
        """The same value where an alias repeats it; what is inside stays at the anchor."""
        return replace(self, start=start)

    def child(self, part: str | int) -> Node | None:
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int) and 0 <= part < len(self.value):
            return self.value[part]
        return None

    def plain(self) -> object:
        """The value without positions: dict, list and scalars only."""
        if isinstance(self.value, dict):
            return {key: one.plain() for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain() for one in self.value]
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`data` is plain; `path` is shown in problems as it is; without `placed` every place is the file's beginning."""

    path: str
    data: object
    root: Node = field(repr=False)
    source: SourceText = field(repr=False)
    placed: bool = True

    def place(self, pointer: Pointer, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value (or its key); of the nearest ancestor where it is absent."""
        node, key = self.root, self.root.start
        for part in pointer:
            below = node.child(part)
            if below is None:
                return self.source.place(key if of_key else node.start)
            key = node.keys[part] if isinstance(part, str) else below.start
            node = below
        return self.source.place(key if of_key else node.start)

    def place_within(self, pointer: Pointer, line: int, column: int) -> tuple[int, int]:
        """Where `line` and `column` (from 1) of a text value stand in the file.

        Exact for `|` texts and for texts on one line; the start of the value for folded and escaped ones.
        """
        node: Node | None = self.root
        for part in pointer:
            node = node.child(part) if node is not None else None
        if node is None or not isinstance(node.value, str):
            return self.place(pointer)
        return self.source.place_within(node.start, node.style, node.value, line, column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """`document` is None where the text can't be read at all; problems may come with a document too."""

    document: Document | None
    diagnostics: tuple[Diagnostic, ...] = ()
