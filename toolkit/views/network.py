"""What `network` shows: a policy rule by rule, and a decision with its rule."""

from __future__ import annotations

from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.policy import RuleKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.console import Console
    from toolkit.model.policy import Decision, NewPolicy, Policy, Rule

_COLUMNS = ("DECISION", "RULE", "PATTERN", "FROM")


def show_policy(console: Console, name: str, policy: Policy) -> None:
    """Every rule in the order in which they are asked, the default refusal last."""
    if console.as_json:
        console.document(_document(name, policy))
        return
    preset = f"  preset {policy.preset}" if policy.preset else ""
    console.line(f"{name}  access {policy.level.value}{preset}  sha256 {policy.sha256[:SHOWN_DIGITS]}")
    console.line()
    rules = (*policy.rules, policy.default)
    console.table(_COLUMNS, [(_word(one.kind), one.kind.value, one.pattern, one.source) for one in rules])
    for line in _totals(policy):
        console.note(line)


def show_decision(console: Console, decision: Decision) -> None:
    """One word for scripts' readers, then the rule, where it stands, and why."""
    if console.as_json:
        console.document(
            {
                "url": decision.url.text,
                "decision": "allow" if decision.allowed else "deny",
                "rule": _rule_fields(decision.rule),
                "reason": decision.reason,
            }
        )
        return
    console.line(f"{'allow' if decision.allowed else 'deny'}  {_printable(decision.url.text)}")
    console.line(f"  rule:   {decision.rule.kind.value} {decision.rule.pattern}")
    console.line(f"  from:   {decision.rule.source}")
    console.line(f"  reason: {_printable(decision.reason)}")


def show_update(console: Console, made: NewPolicy) -> None:
    if console.as_json:
        console.document({"session": made.session, "level": made.level, "sha256": made.sha256})
    else:
        console.line(f"{made.session}: policy {made.sha256[:SHOWN_DIGITS]}, access {made.level}, is in force")


def _document(name: str, policy: Policy) -> dict[str, object]:
    """`allow` and `deny` are the declared lists; what the level adds is in `groups`."""
    secrets = policy.groups(RuleKind.SECRET).items()
    return {
        "environment": name,
        "level": policy.level.value,
        "preset": policy.preset or None,
        "allow": list(policy.patterns(RuleKind.ALLOW)),
        "deny": list(policy.patterns(RuleKind.DENY)),
        "secrets": [{"name": secret, "hosts": [one.pattern for one in hosts]} for secret, hosts in secrets],
        "groups": [
            {"kind": kind.value, "name": group, "source": _common_source(rules), "names": _patterns(rules)}
            for kind in (RuleKind.PRESET, RuleKind.REGISTRY)
            for group, rules in policy.groups(kind).items()
        ],
        "rules": [{**_rule_fields(one), "decision": _word(one.kind)} for one in (*policy.rules, policy.default)],
        "sha256": policy.sha256,
    }


def _rule_fields(rule: Rule) -> dict[str, str]:
    return {"kind": rule.kind.value, "pattern": rule.pattern, "source": rule.source}


def _patterns(rules: tuple[Rule, ...]) -> list[str]:
    return [one.pattern for one in rules]


def _common_source(rules: tuple[Rule, ...]) -> str:
    """One source for most groups; several where layers of settings add to one client's registries."""
    return ", ".join(dict.fromkeys(one.source for one in rules))


def _totals(policy: Policy) -> Iterator[str]:
    for kind, word in ((RuleKind.PRESET, "default list"), (RuleKind.REGISTRY, "package registries")):
        groups = policy.groups(kind)
        if groups:
            counts = ", ".join(f"{group} {len(rules)}" for group, rules in groups.items())
            yield f"{word}: {counts}"


def _word(kind: RuleKind) -> str:
    return "allow" if kind.allows else "deny"


def _printable(text: str) -> str:
    """What an address holds may not steer the terminal."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)
