"""Which hooks an event calls: the matchers of hosted coding agents' settings files."""

from __future__ import annotations

import re

_NAMES = re.compile(r"[A-Za-z0-9_\- ,|]+")


def matches(matcher: str, source: str) -> bool:
    """`source` is startup, resume, clear, compact or fork.

    Empty or `*` is all of them; letters, digits, `_`, `-`, space, `,` and `|` alone are exact names; anything else is
    an expression that may match anywhere in the name. One that is no expression matches nothing.
    """
    if matcher.strip() in {"", "*"}:
        return True
    if _NAMES.fullmatch(matcher):
        return source in {name.strip() for name in re.split(r"[|,]", matcher)}
    try:
        return re.search(matcher, source) is not None
    except re.error:
        return False
