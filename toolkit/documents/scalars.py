"""Plain scalars by the core schema of YAML 1.2.2, section 10.3.2: what is a number, a boolean, nothing, or text."""

from __future__ import annotations

import re

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

MAX_NUMBER_LENGTH = 64


class NumberError(ValueError):
    """A number that no setting can mean: not finite, or absurdly long."""


def resolve(text: str) -> str | int | float | bool | None:
    """The value of an untagged plain scalar; raises NumberError."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text[0] in "-+.0123456789":
        return _number(text)
    return text


def _number(text: str) -> str | int | float:
    if _SPECIAL.fullmatch(text):
        raise NumberError(f"{text} is not a finite number")
    if not (_FLOAT.fullmatch(text) or _OCTAL.fullmatch(text) or _HEX.fullmatch(text)):
        return text
    if len(text) > MAX_NUMBER_LENGTH:
        raise NumberError(f"a number of {len(text)} characters is too long")
    if _DECIMAL.fullmatch(text):
        return int(text)
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise NumberError(f"{text} is too large")
    return value
