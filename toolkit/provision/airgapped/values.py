"""Pulumi's property values as plain Python values, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue


class Unknown:
    """A value that only the update itself will tell."""


UNKNOWN = Unknown()


def plain(value: PropertyValue) -> Any:
    """dict, list, str, float, bool, None or UNKNOWN; secrets lose their mark, nulls inside maps are left out."""
    inner = value.value
    if isinstance(inner, Computed):
        return UNKNOWN
    if isinstance(inner, Mapping):
        return {key: plain(one) for key, one in inner.items() if one.value is not None}
    if isinstance(inner, Sequence) and not isinstance(inner, str):
        return [plain(one) for one in inner]
    return inner


def plain_map(values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    return {key: plain(one) for key, one in values.items() if one.value is not None}


def property_value(value: Any) -> PropertyValue:
    if isinstance(value, Unknown):
        return PropertyValue.computed()
    if isinstance(value, Mapping):
        return PropertyValue({key: property_value(one) for key, one in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([property_value(one) for one in value])
    return PropertyValue(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def property_map(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    return {key: property_value(one) for key, one in values.items()}


def has_unknown(value: Any) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, Mapping):
        return any(has_unknown(one) for one in value.values())
    return isinstance(value, list) and any(has_unknown(one) for one in value)


def differing(old: Any, new: Any, pointer: str = "") -> dict[str, str]:
    """Dotted pointer → added, deleted or updated, as deep as both sides are maps."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found: dict[str, str] = {}
        for key in sorted({*old, *new}):
            below = f"{pointer}.{key}" if pointer else key
            if key not in old:
                found[below] = "added"
            elif key not in new:
                found[below] = "deleted"
            else:
                found |= differing(old[key], new[key], below)
        return found
    return {} if old == new and not has_unknown(new) else {pointer: "updated"}
