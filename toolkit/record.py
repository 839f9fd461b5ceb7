"""Frozen, slotted, keyword-only classes for what quick commands need: made eighty times as fast as dataclasses.

Importing `dataclasses` costs a quick command as much again as starting Python, and making one such class a thirtieth of
that: thirty of them are twice the work that `env list` has to do. `replace`, `asdict` and `fields` of `dataclasses`
take a record as they take a dataclass, and so does mypy (PEP 681). A default is one value for all, so it must not
change.
"""

from __future__ import annotations

TYPE_CHECKING = False  # importing typing for the real one takes half as long as starting Python
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        return lambda made: made


class _DataclassFields:
    """`__dataclass_fields__` for whoever asks `dataclasses` about a record; only then are they made."""

    def __get__(self, _record: object, kind: type[Record]) -> dict[str, Any]:
        from dataclasses import field, make_dataclass

        annotations = kind.__annotations__

        def stated_field(name: str) -> Any:
            if name not in kind.record_defaults:
                return field()
            default = kind.record_defaults[name]
            # dataclasses refuse what has no hash as a default; here it is one value for all, and is not changed
            return field(default_factory=lambda: default) if type(default).__hash__ is None else field(default=default)

        stated = [(name, annotations[name], stated_field(name)) for name in kind.record_fields]
        made: Any = make_dataclass(kind.__name__, stated, kw_only=True)
        fields: dict[str, Any] = made.__dataclass_fields__
        type.__setattr__(kind, "__dataclass_fields__", fields)
        return fields


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _RecordType(type):
    """Annotations become slots, what they are set to becomes defaults."""

    record_fields: tuple[str, ...]
    record_defaults: dict[str, Any]

    def __new__(cls: type[_RecordType], name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _RecordType:
        names = tuple(body.get("__annotations__", ()))
        defaults = {one: body.pop(one) for one in names if one in body}
        made = super().__new__(cls, name, bases, {**body, "__slots__": names})
        made.record_fields, made.record_defaults = names, defaults
        return made


class Record(metaclass=_RecordType):
    """Base of the records; a record is not subclassed further."""

    if not TYPE_CHECKING:
        __dataclass_fields__ = _DataclassFields()

    def __init__(self, **values: object) -> None:
        kind = type(self)
        names = kind.record_fields
        whole = {**kind.record_defaults, **values}
        if whole.keys() != kind.__annotations__.keys():
            raise TypeError(f"{kind.__name__} takes {', '.join(names)}, not {', '.join(values) or 'nothing'}")
        put = object.__setattr__
        for name in names:
            put(self, name, whole[name])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in type(self).record_fields)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in type(self).record_fields))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).record_fields)
        return f"{type(self).__qualname__}({fields})"

    def __reduce__(self) -> tuple[Callable[..., object], tuple[type, dict[str, object]]]:
        return _restored, (type(self), {name: getattr(self, name) for name in type(self).record_fields})


def _restored(kind: type[Record], values: dict[str, object]) -> Record:
    return kind(**values)
