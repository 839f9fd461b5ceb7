"""Records behave as the frozen dataclasses that they stand for."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

import pytest

from toolkit.record import Record


class _Inner(Record):
    words: tuple[str, ...] = ()


class _Point(Record):
    """A place."""

    x: int
    y: int = 2
    inner: _Inner = _Inner()

    @property
    def total(self) -> int:
        return self.x + self.y


@dataclass(frozen=True, slots=True, kw_only=True)
class _Twin:
    x: int
    y: int = 2
    inner: _Inner = field(default_factory=_Inner)


def test_fields_are_read_and_defaults_fill_in() -> None:
    assert (_Point(x=1).x, _Point(x=1).y, _Point(x=1, y=5).total) == (1, 2, 6)
    assert _Point.__doc__ == "A place."


@pytest.mark.parametrize("values", [{}, {"y": 1}, {"x": 1, "z": 3}, {"x": 1, "y": 2, "inner": _Inner(), "z": 3}])
def test_other_fields_than_its_own_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="_Point takes x, y, inner"):
        _Point(**values)


def test_nothing_can_be_set_or_deleted() -> None:
    point = _Point(x=1)
    with pytest.raises(AttributeError, match="x"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="x"):
        del point.x
    with pytest.raises(AttributeError, match="extra"):
        point.extra = 2  # type: ignore[attr-defined, unused-ignore]
    assert not hasattr(point, "__dict__")


def test_equality_and_hash_are_those_of_the_values() -> None:
    assert _Point(x=1) == _Point(x=1, y=2)
    assert hash(_Point(x=1)) == hash(_Point(x=1, y=2))
    assert _Point(x=1) != _Point(x=2)
    assert _Point(x=1) != _Twin(x=1)
    assert len({_Point(x=1), _Point(x=1), _Point(x=3)}) == 2


def test_the_functions_of_dataclasses_take_a_record() -> None:
    point = _Point(x=1, inner=_Inner(words=("a",)))
    twin = _Twin(x=1, inner=_Inner(words=("a",)))

    assert is_dataclass(point)
    assert replace(point, y=7) == _Point(x=1, y=7, inner=point.inner)
    assert asdict(point) == asdict(twin) == {"x": 1, "y": 2, "inner": {"words": ("a",)}}
    assert fields(_Point)[0] is fields(point)[0]  # made once, not at each call
    assert [(one.name, one.kw_only) for one in fields(_Point)] == [(one.name, one.kw_only) for one in fields(_Twin)]


def test_it_prints_and_travels_as_a_dataclass_does() -> None:
    point = _Point(x=1, inner=_Inner(words=("a",)))

    assert repr(point) == repr(_Twin(x=1, inner=point.inner)).replace("_Twin", "_Point")
    assert pickle.loads(pickle.dumps(point)) == point
    assert copy.deepcopy(point) == copy.copy(point) == point


class _Labelled(Record):
    name: str
    labels: dict[str, str] = {}  # noqa: RUF012 -- the case in point


def test_a_default_without_a_hash_is_no_obstacle_to_dataclasses() -> None:
    assert replace(_Labelled(name="a"), name="b") == _Labelled(name="b", labels={})
    assert asdict(_Labelled(name="a")) == {"name": "a", "labels": {}}
