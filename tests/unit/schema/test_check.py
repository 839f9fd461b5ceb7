"""The two tiers of the schema check give one verdict, and the slow one gives places."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit import schema
from toolkit.documents import load

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(min_value=-5, max_value=2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "none", "limited", "custom", "5m", "a\n", "web-app\n", "web-app", "git", "git\n", "main", "shell",
         "claude", "x y", "Bearer\n", "X-Key", "X-Key\n", "debian:12", "A", "é", "\u2028"]
    ),
)  # fmt: skip
_KEYS = st.sampled_from(
    ["version", "name", "network", "access", "allow", "secrets", "hosts", "header", "prefix", "from", "env", "command",
     "image", "base", "packages", "apt", "pip", "npm", "hooks", "session_start", "timeout", "matcher", "agent", "next",
     "resources", "cpus", "pids", "memory", "push", "branches", "tags", "archived", "other"]
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_both_tiers_give_one_verdict(data: dict[str, object]) -> None:
    slow_says = next(iter(schema._validator("environment").iter_errors(data)), None) is None

    assert schema.passes(data, "environment") in {slow_says, False}
    if slow_says:
        assert schema.passes(data, "environment")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_every_failure_is_told_at_a_place(data: dict[str, object]) -> None:
    document = load(json.dumps(data, ensure_ascii=False).encode(), path="file.yaml").document
    assert document is not None
    problems = schema.check(document, "environment")

    assert bool(problems) == (next(iter(schema._validator("environment").iter_errors(document.data)), None) is not None)
    assert problems == sorted(problems, key=lambda one: one.sort_key)


def test_the_product_s_example_of_a_message() -> None:
    text = b"version: 1\nname: web-app\nnetwork:\n  access: trustd\n"
    document = load(text, path="envs/web-app.yaml").document
    assert document is not None

    (problem,) = schema.check(document, "environment")
    assert str(problem) == (
        "envs/web-app.yaml:4:11: network.access: 'trustd' is not one of none, trusted, full, custom "
        "(did you mean 'trusted'?)"
    )
