"""What a refused request is answered: a page that names the host and the rule, and says that it is policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.gateway import GatewayFile
from toolkit.model.policy import RuleKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.policy import Policy

REASON_HEADER = "X-Deny-Reason"
REASON = "host_not_allowed"
ANSWERING = (
    RuleKind.MALFORMED,
    RuleKind.SCHEME,
    RuleKind.DENY,
    RuleKind.ADDRESS,
    RuleKind.PORT,
    RuleKind.SECRET,
    RuleKind.DEFAULT,
)
_ALLOWING = (RuleKind.SECRET, RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY, RuleKind.LEVEL)

_PAGE = """\
<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Blocked by network policy</title></head><body><pre>
Blocked by the network policy of this session: do not retry.

host: %H
rule: {rule}
environment: {environment}

{advice}
</pre></body></html>
"""

_RULES = {
    RuleKind.MALFORMED: "malformed: the request is none that may pass",
    RuleKind.SCHEME: "scheme: only http and https (as a tunnel) pass",
    RuleKind.DENY: "deny: the name is on the environment's deny list",
    RuleKind.ADDRESS: "address: IP addresses, special-use names, and names that lead to private addresses never pass",
    RuleKind.PORT: "port: http passes to port 80, https to port 443, nothing else",
    RuleKind.SECRET: "secret: this host gets a secret, so it is reached by https alone",
    RuleKind.DEFAULT: "default: no rule allows this host",
}


def pages(policy: Policy, *, environment: str) -> Iterator[GatewayFile]:
    """One page for each kind of rule that refuses, as templates of Squid (`%H`: the host, made harmless)."""
    advice = (
        f"This is policy, not a failure. 'toolkit network show {environment}' lists what passes; the network is\n"
        f"declared in the repository, and changed there ({policy.default.source})."
    )
    for kind in ANSWERING:
        rule = _RULES[kind] + (f" (access {policy.level.value})" if kind is RuleKind.DEFAULT else "")
        text = _PAGE.format(rule=rule, environment=environment, advice=advice.replace("%", "%%"))
        yield GatewayFile(path=f"pages/{page(kind)}", content=text.encode())


def page(kind: RuleKind) -> str:
    return f"TOOLKIT_{kind.value.upper()}"


def marks() -> Iterator[str]:
    """The ACLs that end each rule: they note the verdict for the audit, and choose the page."""
    for kind in ANSWERING:
        for name, status in ((f"refuses_{kind}", 403), (f"refuses_{kind}_tunnel", 407)):
            yield f"acl {name} annotate_transaction policy=deny:{kind}"
            yield f"deny_info {status}:{page(kind)} {name}"
    for kind in _ALLOWING:
        yield f"acl allows_{kind} annotate_transaction policy=allow:{kind}"
    yield f"acl refused note policy {' '.join(f'deny:{kind}' for kind in ANSWERING)}"
    yield f'reply_header_add {REASON_HEADER} "{REASON}" refused'
