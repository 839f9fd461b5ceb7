"""Edits of YAML text that leave everything else as its authors wrote it.

Only the characters of the value in question change, so comments, order, quoting and indentation stay. Every edit
is read back: a text whose value would come out otherwise (anchors used elsewhere, exotic keys) is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.diagnostics import has_errors
from toolkit.documents import splice
from toolkit.documents.document import dotted
from toolkit.documents.load import load
from toolkit.errors import InvalidError, ToolkitError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.documents.document import Pointer

_ABSENT = object()


def set_value(text: str, pointer: Pointer, value: object) -> str:
    """`text` with `value` at `pointer`; missing parents are made, an empty text becomes a new document.

    `value` is plain: str, int, float, bool, None, list, dict. An index equal to a list's length appends.
    Raises InvalidError for a text that is no document, ToolkitError where the edit cannot be made.
    """
    before = _data(text)
    wanted = _with(before, pointer, value)
    edited = text
    for place, one in _steps(_at(before, pointer), value, pointer):
        edited = splice.remove(edited, place) if one is _ABSENT else splice.put(edited, place, one)
    return _proved(edited, wanted, pointer)


def remove_value(text: str, pointer: Pointer) -> str:
    """`text` without the value at `pointer`, nor the mappings that held only it; comments stay, as lines."""
    before = _data(text)
    if _at(before, pointer) is _ABSENT:
        return text
    return _proved(splice.remove(text, pointer), _without(before, pointer), pointer)


def _data(text: str) -> object:
    loaded = load(text.encode(), path="")
    if loaded.document is None or has_errors(loaded.diagnostics):
        raise InvalidError("this text is no YAML document that can be edited", diagnostics=loaded.diagnostics)
    return {} if loaded.document.data is None else loaded.document.data


def _proved(edited: str, wanted: object, pointer: Pointer) -> str:
    try:
        if _same(_data(edited), wanted):
            return edited
    except InvalidError:
        pass
    raise ToolkitError(f"'{dotted(pointer)}' cannot be changed in place", hint="change it in an editor")


def _at(data: Any, pointer: Pointer) -> object:
    for step in pointer:
        in_list = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if not in_list and not (isinstance(data, dict) and step in data):
            return _ABSENT
        data = data[step]
    return data


def _with(data: object, pointer: Pointer, value: object) -> object:
    if not pointer:
        return value
    step, rest = pointer[0], pointer[1:]
    if isinstance(step, int):
        items = list(data) if isinstance(data, list) else []
        if (data is not None and not isinstance(data, list)) or step > len(items):
            raise ToolkitError(f"there is no place for item {step}")
        items[step : step + 1] = [_with(items[step] if step < len(items) else None, rest, value)]
        return items
    if data is not None and not isinstance(data, dict):
        raise ToolkitError(f"'{step}' cannot be set: what would hold it is no mapping")
    entries = dict(data or {})
    entries[step] = _with(entries.get(step), rest, value)
    return entries


def _without(data: Any, pointer: Pointer) -> object:
    step, rest = pointer[0], pointer[1:]
    child = _without(data[step], rest) if rest else _ABSENT
    gone = child is _ABSENT or (child == {} and isinstance(data[step], dict))
    if isinstance(data, list) and isinstance(step, int):
        return [*data[:step], *([] if gone else [child]), *data[step + 1 :]]
    return {key: child if key == step else one for key, one in data.items() if not (gone and key == step)}


def _steps(old: object, new: object, at: Pointer) -> Iterator[tuple[Pointer, object]]:
    """The smallest single edits from `old` to `new`, additions first."""
    if _same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        for key, value in new.items():
            yield from _steps(old.get(key, _ABSENT), value, (*at, key))
        yield from (((*at, key), _ABSENT) for key in old if key not in new)
        return
    if isinstance(old, list) and isinstance(new, list):
        kept = [index for index, one in enumerate(old) if any(_same(one, other) for other in new)]
        if kept and _same([old[index] for index in kept], new[: len(kept)]):
            yield from (((*at, len(old) + count), one) for count, one in enumerate(new[len(kept) :]))
            yield from (((*at, index), _ABSENT) for index in reversed(range(len(old))) if index not in kept)
            return
    yield at, new


def _same(one: object, other: object) -> bool:
    """Equal as YAML means it: 1, 1.0 and true are three things."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and one == other
