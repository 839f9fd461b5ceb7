"""Where the parts of a YAML text lie: each value's exact span, as offsets into the text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.documents.document import Pointer

_ALIAS = re.compile(r"[ \t]*(\*[^\s,\[\]{}]+)")
_COMMENT = re.compile(r"(?<!\S)#[^\r\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One value of a collection: `entry` is where its key (or dash) begins, `start` to `end` the value itself.

    `colon` is the offset behind the key's colon (-1 for an item of a sequence). An absent value has
    `start == end == colon`. `end` never takes in the comments and blank lines that follow.
    """

    step: str | int
    node: Any
    entry: int
    colon: int
    start: int
    end: int

    @property
    def absent(self) -> bool:
        return self.start == self.end


def compose(text: str) -> Any:
    """The root node with its marks, or None for a text without content."""
    from ruamel.yaml import YAML

    root = YAML(typ="safe", pure=True).compose(text)
    return None if root is None or (not collection(root) and root.value == "") else root


def collection(node: Any) -> bool:
    return isinstance(node.value, list)


def mapping(node: Any) -> bool:
    return bool(node.id == "mapping")


def block_scalar(node: Any) -> bool:
    return not collection(node) and node.style in ("|", ">")


def root_slot(text: str, root: Any) -> Slot:
    begin = root.start_mark.index
    return Slot(step="", node=root, entry=begin, colon=-1, start=begin, end=_end(text, root))


def slots(text: str, parent: Any) -> list[Slot]:
    """The entries of a collection, in the order of the text."""
    if mapping(parent):
        return [_of_key(text, key, node) for key, node in parent.value]
    return [_of_item(text, parent, index, node) for index, node in enumerate(parent.value)]


def path_to(text: str, root: Any, pointer: Pointer) -> list[Slot]:
    """The slots from the root towards `pointer`, as far as they exist; the root's own comes first."""
    found = [root_slot(text, root)]
    for step in pointer:
        node = found[-1].node
        if not collection(node) or mapping(node) is isinstance(step, int):
            break
        child = next((one for one in slots(text, node) if one.step == step), None)
        if child is None:
            break
        found.append(child)
    return found


def column(text: str, offset: int) -> int:
    return offset - line_start(text, offset)


def line_start(text: str, offset: int) -> int:
    """Where the line of `offset` begins, a byte order mark not counted."""
    start = text.rfind("\n", 0, offset) + 1
    return start + text.startswith("\ufeff", start)


def next_line(text: str, offset: int) -> int:
    """Where the line after `offset` begins; the text's end where there is none."""
    if offset and text[offset - 1] == "\n":  # a block scalar that keeps its last line breaks
        return offset
    found = text.find("\n", offset)
    return len(text) if found < 0 else found + 1


def comments(text: str, start: int, stop: int, node: Any) -> list[str]:
    """The comments between two offsets; a `#` within one of the scalars below `node` is none."""
    window = list(text[start:stop])
    for scalar in _scalars(node):
        begin, end = max(_content(text, scalar), start), min(_end(text, scalar), stop)
        window[begin - start : end - start] = "x" * max(0, end - begin)
    masked = "".join(window)
    return [text[start + one.start() : start + one.end()].rstrip() for one in _COMMENT.finditer(masked)]


def indentation(text: str, root: Any) -> int:
    """The step by which this text indents its nested mappings; 2 where it has none."""
    for key, node in root.value if mapping(root) else ():
        if mapping(node) and not node.flow_style and node.start_mark.index > key.start_mark.index:
            return max(1, column(text, node.start_mark.index) - column(text, key.start_mark.index))
    return 2


def _scalars(node: Any) -> Iterator[Any]:
    if not collection(node):
        yield node
        return
    for child in node.value:
        for one in child if isinstance(child, tuple) else (child,):
            yield from _scalars(one)


def _of_key(text: str, key: Any, node: Any) -> Slot:
    colon = text.find(":", key.end_mark.index) + 1 or key.end_mark.index
    start, end = node.start_mark.index, _end(text, node)
    if start < colon:  # an alias: its node lies where the anchor is
        alias = _ALIAS.match(text, colon)
        start, end = alias.span(1) if alias else (colon, colon)
    elif start == node.end_mark.index:  # nothing written: ruamel's mark is that of the next token
        start = end = colon
    return Slot(step=key.value, node=node, entry=key.start_mark.index, colon=colon, start=start, end=end)


def _of_item(text: str, parent: Any, index: int, node: Any) -> Slot:
    start, end = node.start_mark.index, _end(text, node)
    entry = start
    if not parent.flow_style:
        entry = text.rfind("-", 0, start + 1)
        while entry > 0 and column(text, entry) != parent.start_mark.column:
            entry = text.rfind("-", 0, entry)
        if start == node.end_mark.index:
            start = end = entry + 1
    return Slot(step=index, node=node, entry=entry, colon=-1, start=start, end=end)


def _content(text: str, scalar: Any) -> int:
    """Where a scalar's own text begins: a block scalar's header may bear a comment."""
    start = int(scalar.start_mark.index)
    return next_line(text, start) if block_scalar(scalar) else start


def _end(text: str, node: Any) -> int:
    end = int(node.end_mark.index)
    if collection(node):
        return end if node.flow_style or not node.value else slots(text, node)[-1].end
    if not block_scalar(node):
        return end
    start = int(node.start_mark.index)
    header = text[start:end].partition("\n")[0]
    return end if "+" in header.partition("#")[0] else start + len(text[start:end].rstrip())
