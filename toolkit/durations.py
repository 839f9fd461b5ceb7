"""Durations and sizes as people write them (product.md's forms): `1h30m`, `45s`, `7d`; `512m`, `1.5g`."""

from __future__ import annotations

import re

from toolkit.errors import UsageError

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = r"(\d+(?:\.\d+)?)([dhms])"
_DURATION = re.compile(rf"(?:{_PART})+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)([kmgt])", re.IGNORECASE)
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4}


def seconds_of(text: str) -> float:
    """`1h30m` → 5400.0; UsageError for anything else."""
    if not _DURATION.fullmatch(text):
        raise UsageError(f"'{text}' is no duration", hint="write it like 45s, 10m, 1h30m or 7d")
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(_PART, text))


def bytes_of(text: str) -> int:
    """`1.5g` → 1610612736; UsageError for anything else."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise UsageError(f"'{text}' is no size", hint="write it like 512m or 1.5g")
    return int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
