"""The schemas themselves: valid, closed, described."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from toolkit.paths import schema as schema_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("environment", "settings", "lock")


def _schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return loaded


def _parts(schema: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield place, schema
        for key, one in schema.items():
            yield from _parts(one, f"{place}/{key}")
    elif isinstance(schema, list):
        for index, one in enumerate(schema):
            yield from _parts(one, f"{place}/{index}")


@pytest.mark.parametrize("name", _NAMES)
def test_it_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(_schema(name))


@pytest.mark.parametrize("name", _NAMES)
def test_every_mapping_is_closed(name: str) -> None:
    is_open = [
        place
        for place, part in _parts(_schema(name))
        if isinstance(part.get("properties"), dict)
        and "type" not in part["properties"]
        and part.get("additionalProperties") is not False
    ]

    assert is_open == []


def test_every_key_of_a_declaration_is_described() -> None:
    undescribed = [
        f"{place}/{key}"
        for place, part in _parts(_schema("environment"))
        if place.endswith("/properties")
        for key, one in part.items()
        if "description" not in one
    ]

    assert undescribed == []


def test_defaults_agree_with_the_model() -> None:
    from toolkit.model.environment import (
        HookSpec,
        ImageSpec,
        NetworkSpec,
        PushSpec,
        ResourcesSpec,
        SessionLimits,
        SetupSpec,
    )

    keys = _schema("environment")["properties"]
    said = {
        "network.access": keys["network"]["properties"]["access"]["default"],
        "network.include_defaults": keys["network"]["properties"]["include_defaults"]["default"],
        "image.base": keys["image"]["properties"]["base"]["default"],
        "resources.pids": keys["resources"]["properties"]["pids"]["default"],
        "push.branches": keys["push"]["properties"]["branches"]["default"],
        "push.tags": keys["push"]["properties"]["tags"]["default"],
        "hook.timeout": keys["hooks"]["properties"]["session_start"]["items"]["properties"]["timeout"]["default"],
    }

    assert said == {
        "network.access": NetworkSpec().access.value,
        "network.include_defaults": NetworkSpec().include_defaults,
        "image.base": ImageSpec().base,
        "resources.pids": ResourcesSpec().pids,
        "push.branches": list(PushSpec().branches),
        "push.tags": PushSpec().tags,
        "hook.timeout": HookSpec(command="true").timeout,
    }
    durations = {
        "setup.timeout": (keys["setup"]["properties"]["timeout"]["default"], SetupSpec().timeout),
        "setup.max_age": (keys["setup"]["properties"]["max_age"]["default"], SetupSpec().max_age),
        "session.idle_timeout": (
            keys["session"]["properties"]["idle_timeout"]["default"],
            SessionLimits().idle_timeout,
        ),
        "session.max_age": (keys["session"]["properties"]["max_age"]["default"], SessionLimits().max_age),
    }
    from toolkit.declare.quantities import duration_text

    assert {key: said for key, (said, _) in durations.items()} == {
        key: duration_text(meant) for key, (_, meant) in durations.items()
    }
