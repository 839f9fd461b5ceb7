"""Single edits of YAML text: put one value, take one out. What they change is read back in `edit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from toolkit.documents import layout, notation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.documents.document import Pointer
    from toolkit.documents.layout import Slot


def put(text: str, pointer: Pointer, value: object) -> str:
    """`text` with `value` written at `pointer`, over what stands there or as a new entry."""
    root = layout.compose(text)
    if root is None:
        entries = cast("dict[str, object]", _nested(pointer, value))
        return _insert(text, len(text), notation.lines(entries, indent=0, step=2))
    path = layout.path_to(text, root, pointer)
    holder, rest = path[-1], pointer[len(path) - 1 :]
    step = layout.indentation(text, root)
    if rest and layout.collection(holder.node):
        return _add(text, holder, {rest[0]: _nested(rest[1:], value)}, step)
    in_brackets = any(layout.collection(one.node) and one.node.flow_style for one in path[:-1])
    return _replace(text, holder, _nested(rest, value), -1 if in_brackets else step)


def remove(text: str, pointer: Pointer) -> str:
    """`text` without the entry at `pointer`, which exists; a mapping that held only it goes too."""
    path = layout.path_to(text, layout.compose(text), pointer)
    last = len(path) - 1
    while last > 1 and layout.mapping(path[last - 1].node) and len(path[last - 1].node.value) == 1:
        last -= 1
    slot, parent = path[last], path[last - 1]
    siblings = layout.slots(text, parent.node)
    brackets = bool(parent.node.flow_style)
    if len(siblings) == 1 and (brackets or not layout.mapping(parent.node)):
        return _replace(text, parent, {} if layout.mapping(parent.node) else [], -1)
    index = siblings.index(slot)
    following = siblings[index + 1].entry if index + 1 < len(siblings) else -1
    if brackets:
        return _cut(text, slot.entry, following) if following >= 0 else _cut(text, siblings[index - 1].end, slot.end)
    if text[layout.line_start(text, slot.entry) : slot.entry].strip():  # `- first: 1`: the dash stays
        return _cut(text, slot.entry, following)
    return _cut_lines(text, slot)


def _nested(pointer: Pointer, value: object) -> object:
    for step in reversed(pointer):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _cut(text: str, start: int, stop: int, instead: str = "") -> str:
    return text[:start] + instead + text[stop:]


def _cut_lines(text: str, slot: Slot) -> str:
    """Take an entry's lines out; its comments stay, as lines of their own."""
    stop = layout.next_line(text, slot.end)
    kept = layout.comments(text, max(slot.entry, slot.colon), stop, slot.node)
    begin = layout.line_start(text, slot.entry)
    return _insert(_cut(text, begin, stop), begin, _at_column(kept, layout.column(text, slot.entry)))


def _add(text: str, holder: Slot, entry: dict[str | int, object], step: int) -> str:
    """A new last entry of a mapping, or item of a sequence (its key is then the index)."""
    node = holder.node
    siblings = layout.slots(text, node)
    value: Sequence[object] = list(entry.values())
    if node.flow_style:
        written = notation.inline(entry if layout.mapping(node) else value)[1:-1]
        if siblings:
            return _cut(text, siblings[-1].end, siblings[-1].end, f", {written}")
        opened = text.index("{" if layout.mapping(node) else "[", holder.start) + 1
        return _cut(text, opened, opened, written)
    column = layout.column(text, siblings[0].entry)
    content = cast("dict[str, object]", entry) if layout.mapping(node) else value
    return _insert(text, layout.next_line(text, holder.end), notation.lines(content, indent=column, step=step))


def _replace(text: str, slot: Slot, value: object, step: int) -> str:
    """The value of one slot rewritten; `step` is the indentation for lines of its own, -1 to stay on one line."""
    brackets = layout.collection(slot.node) and slot.node.flow_style
    by_lines = layout.block_scalar(slot.node) or (layout.collection(slot.node) and not brackets)
    if slot.colon >= 0 and step > 0 and not notation.fits_inline(value):
        column = layout.column(text, slot.entry) + step
        below = notation.lines(cast("dict[str, object]", value), indent=column, step=step)
        return _rewrite(text, slot, "", below, column)
    written = notation.inline(value, style=None if layout.collection(slot.node) else slot.node.style)
    if slot.absent:
        return _cut(text, slot.start, slot.end, f" {written}")
    if by_lines and slot.colon >= 0:
        return _rewrite(text, slot, f" {written}", [], layout.column(text, slot.entry))
    ended = _newline(text) if text[slot.end - 1] == "\n" else ""
    return _cut(text, slot.start, slot.end, written + ended)


def _rewrite(text: str, slot: Slot, beside: str, below: Sequence[str], column: int) -> str:
    """Everything behind a key's colon written anew: a value `beside` it, lines `below` it; comments are kept."""
    stop = layout.next_line(text, slot.end)
    kept = layout.comments(text, slot.colon, stop, slot.node)
    if kept and "\n" not in text[slot.colon : stop].rstrip():
        beside += f"  {kept.pop()}"
    shortened = _cut(text, slot.colon, stop, beside + _newline(text))
    return _insert(shortened, slot.colon + len(beside + _newline(text)), [*_at_column(kept, column), *below])


def _at_column(comments: Sequence[str], column: int) -> list[str]:
    return [" " * column + one for one in comments]


def _insert(text: str, at: int, lines: Sequence[str]) -> str:
    """Whole lines put in before offset `at`, which begins a line or ends a text without a last line break."""
    if not lines:
        return text
    newline = _newline(text)
    before = newline if at and text[at - 1] != "\n" else ""
    return _cut(text, at, at, before + "".join(one + newline for one in lines))


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
