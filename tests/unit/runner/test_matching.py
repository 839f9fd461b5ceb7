from __future__ import annotations

import pytest

from toolkit.runner.matching import matches


@pytest.mark.parametrize(
    ("matcher", "source", "matched"),
    [
        ("", "startup", True),
        ("*", "resume", True),
        ("startup", "startup", True),
        ("startup", "resume", False),
        ("start", "startup", False),  # names are exact
        ("startup|resume", "resume", True),
        ("startup, resume", "resume", True),
        ("clear|compact", "startup", False),
        ("start.*", "startup", True),  # an expression, anywhere in the name
        ("^sume", "resume", False),
        ("sume$", "resume", True),
        ("(", "startup", False),  # no expression: matches nothing
    ],
)
def test_matchers(matcher: str, source: str, matched: bool) -> None:
    assert matches(matcher, source) is matched
