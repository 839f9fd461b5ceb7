"""Durations and sizes: what is written in one form reads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.declare.quantities import duration_text, seconds, size, size_text


@pytest.mark.parametrize(
    ("text", "expected"), [("45s", 45), ("1h30m", 5400), ("7d", 604_800), ("24h", 86_400), ("5m", 300)]
)
def test_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected
    assert duration_text(expected) == text


@pytest.mark.parametrize(
    ("text", "expected"), [("512m", 512 << 20), ("1.5g", 3 << 29), ("16G", 16 << 30), ("2T", 2 << 40), ("1k", 1024)]
)
def test_size(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    "value", ["", "5", "m", "5 m", "5w", "-5m", "soon", "0s", "٣m", "9" * 30 + "d", 0, -1, 1e300, True, None, []]
)
def test_what_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        seconds(value)


@pytest.mark.parametrize("value", ["", "5", "g", "5gb", "5 g", "-1g", "0g", "9" * 20 + "t", 5, None])
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        size(value)


@given(st.integers(min_value=1, max_value=10**9))
def test_durations_read_back(value: int) -> None:
    assert seconds(duration_text(value)) == value


@given(st.floats(min_value=0.001, max_value=10_000))
def test_parts_of_a_second_read_back(value: float) -> None:
    assert seconds(duration_text(value)) == pytest.approx(value, abs=1e-6)


@given(st.integers(min_value=1, max_value=2**45))
def test_sizes_read_back(value: int) -> None:
    assert size(size_text(value)) == value
