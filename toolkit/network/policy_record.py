"""A policy as it is kept with a session: what was in force must be readable when the declaration has moved on."""

from __future__ import annotations

import json

from toolkit.model.environment import Access
from toolkit.model.policy import Policy, Rule, RuleKind

VERSION = 1


def written(policy: Policy) -> bytes:
    """The policy as one JSON document, rules in their order with their sources."""
    body = {
        "version": VERSION,
        "level": policy.level.value,
        "preset": policy.preset,
        "rules": [_fields(one) for one in policy.rules],
        "default": _fields(policy.default),
    }
    return json.dumps(body).encode()


def read(content: bytes) -> Policy:
    """The policy again; ValueError for what is none."""
    try:
        body = json.loads(content)
        return Policy(
            level=Access(body["level"]),
            preset=body["preset"],
            rules=tuple(_rule(one) for one in body["rules"]),
            default=_rule(body["default"]),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"this is no record of a policy: {error}") from error


def _fields(rule: Rule) -> list[str]:
    return [rule.kind.value, rule.pattern, rule.source, rule.group]


def _rule(fields: list[str]) -> Rule:
    kind, pattern, source, group = fields
    return Rule(kind=RuleKind(kind), pattern=pattern, source=source, group=group)
