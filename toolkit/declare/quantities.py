"""Durations and sizes of declarations: read with bounds, and written back in one form."""

from __future__ import annotations

from functools import lru_cache

from toolkit.durations import bytes_of, seconds_of
from toolkit.errors import UsageError

_LONGEST_TEXT = 24
_SHORTEST_SECONDS = 0.001
_LONGEST_SECONDS = 100 * 365 * 86400
_LARGEST_BYTES = 1 << 60
_DURATION_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZE_UNITS = (("t", 4), ("g", 3), ("m", 2), ("k", 1))


def seconds(value: object) -> float:
    """A duration text, or a number of seconds; raises ValueError with what is wrong with it."""
    if isinstance(value, str):
        found = _seconds_of(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    else:
        raise ValueError("is not a duration")  # noqa: TRY004 -- callers report it like any other wrong value
    if found < _SHORTEST_SECONDS:
        raise ValueError("is no time at all")
    if found > _LONGEST_SECONDS:
        raise ValueError("is more than a hundred years")
    return found


def size(value: object) -> int:
    """A size text in bytes; raises ValueError with what is wrong with it."""
    if not isinstance(value, str):
        raise ValueError("is not a size")  # noqa: TRY004 -- callers report it like any other wrong value
    found = _bytes_of(value)
    if found < 1:
        raise ValueError("is less than one byte")
    if found > _LARGEST_BYTES:
        raise ValueError("is more than any machine has")
    return found


@lru_cache(maxsize=1024)  # thousands of declarations have few different ones
def _seconds_of(text: str) -> float:
    if len(text) > _LONGEST_TEXT or not text.isascii():
        raise ValueError("is not a duration")
    try:
        return seconds_of(text)
    except UsageError as error:
        raise ValueError("is not a duration") from error


@lru_cache(maxsize=1024)
def _bytes_of(text: str) -> int:
    if len(text) > _LONGEST_TEXT or not text.isascii():
        raise ValueError("is not a size")
    try:
        return bytes_of(text)
    except UsageError as error:
        raise ValueError("is not a size") from error


def duration_text(value: float) -> str:
    """Seconds in one form, so that `60m` and `1h` are written alike: days from two on, a fraction in seconds."""
    exact = round(value, 6)
    if exact != int(exact):
        return f"{exact:.6f}".rstrip("0") + "s"
    rest, parts = int(exact), []
    for unit, length in _DURATION_UNITS:
        count, rest = divmod(rest, length) if rest >= length * (2 if unit == "d" else 1) else (0, rest)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def size_text(value: int) -> str:
    """Bytes in the largest unit that divides them; in parts of a k where none does."""
    for unit, power in _SIZE_UNITS:
        if value % 1024**power == 0:
            return f"{value // 1024**power}{unit}"
    return f"{value / 1024:.10f}".rstrip("0") + "k"
