"""Would this URL pass, and by which rule? Pure: the same policy gives the gateway its lists."""

from __future__ import annotations

from toolkit.model.environment import Access
from toolkit.model.policy import ANY_ADDRESS, ANY_SINGLE_LABEL, PLAIN_SCHEMES, PORTS, Decision, RuleKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from toolkit.model.policy import Policy, Rule, Url

_NAMES = (RuleKind.SECRET, RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY)


def decide(policy: Policy, url: Url) -> Decision:
    """The first rule that matches, in the policy's order; no rule is a denial.

    What a name resolves to is not known here: the gateway refuses private addresses on top.
    """
    for rule in policy.rules:
        if _MATCHES[rule.kind](rule, url):
            allowed = rule.kind.allows and not _exposes_secret(rule, url)
            return Decision(url=url, allowed=allowed, rule=rule, reason=_REASONS[rule.kind](rule, url))
    return Decision(url=url, allowed=False, rule=policy.default, reason=_default_reason(policy, url))


def _exposes_secret(rule: Rule, url: Url) -> bool:
    """A host that gets a secret is never reached in the clear, not even without the secret."""
    return rule.kind is RuleKind.SECRET and url.scheme in PLAIN_SCHEMES


def _matches_name(rule: Rule, url: Url) -> bool:
    return not url.is_address and bool(url.host) and rule.covers(url.host)


def _matches_address(rule: Rule, url: Url) -> bool:
    if rule.pattern == ANY_ADDRESS:
        return url.is_address
    if rule.pattern == ANY_SINGLE_LABEL:
        return bool(url.host) and not url.is_address and "." not in url.host
    return _matches_name(rule, url)


_MATCHES: Mapping[RuleKind, Callable[[Rule, Url], bool]] = {
    RuleKind.MALFORMED: lambda _, url: bool(url.fault),
    RuleKind.SCHEME: lambda _, url: url.scheme not in PORTS,
    RuleKind.DENY: _matches_name,
    RuleKind.ADDRESS: _matches_address,
    RuleKind.PORT: lambda _, url: url.port != PORTS.get(url.scheme),
    RuleKind.SECRET: _matches_name,
    RuleKind.ALLOW: _matches_name,
    RuleKind.PRESET: _matches_name,
    RuleKind.REGISTRY: _matches_name,
    RuleKind.LEVEL: lambda _, url: bool(url.host) and not url.is_address,
}


def _address_reason(rule: Rule, url: Url) -> str:
    if rule.pattern == ANY_ADDRESS:
        return f"{url.host} is an IP address: refused at every level, in every notation"
    if rule.pattern == ANY_SINGLE_LABEL:
        return f"{url.host} is no full domain name: refused at every level"
    return f"{url.host} is a special-use name: refused at every level"


def _secret_reason(rule: Rule, url: Url) -> str:
    if _exposes_secret(rule, url):
        return f"{url.host} gets the secret '{rule.group}': it is reached by https alone, never by {url.scheme}"
    return f"{url.host} gets the secret '{rule.group}'"


_REASONS: Mapping[RuleKind, Callable[[Rule, Url], str]] = {
    RuleKind.MALFORMED: lambda _, url: f"the URL {url.fault}",
    RuleKind.SCHEME: lambda _, url: f"'{url.scheme}' is none of {', '.join(PORTS)}",
    RuleKind.DENY: lambda rule, _: f"'{rule.pattern}' is denied, and deny beats every allow",
    RuleKind.ADDRESS: _address_reason,
    RuleKind.PORT: lambda _, url: f"{url.scheme} is let through on port {PORTS[url.scheme]} alone, not on {url.port}",
    RuleKind.SECRET: _secret_reason,
    RuleKind.ALLOW: lambda rule, _: f"'{rule.pattern}' is allowed",
    RuleKind.PRESET: lambda rule, _: f"'{rule.pattern}' is on the default list ({rule.group})",
    RuleKind.REGISTRY: lambda rule, _: f"'{rule.pattern}' is a package registry of this site ({rule.group})",
    RuleKind.LEVEL: lambda _, url: f"access full: {url.host} is a public name",
}


def _default_reason(policy: Policy, url: Url) -> str:
    if policy.level is Access.NONE:
        return "access none: nothing is reached"
    below = f"*.{url.host}"
    if below in policy.patterns(*_NAMES):
        return f"'{below}' stands for the names below {url.host}, not for itself"
    return f"access {policy.level.value}: no rule allows {url.host}"
