"""The network's promises: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.policy import RuleKind
from toolkit.model.verification import Verdict
from toolkit.network.decide import decide
from toolkit.network.url import parse
from toolkit.workflows.evidence import Samples
from toolkit.workflows.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.policy import Policy
    from toolkit.workflows.evidence import Evidence

_DONE = 200
_REFUSED = 403
_NO_TUNNEL = "Tunnel connection failed: 407"  # what Python's http.client makes of the gateway's refusal
_UNKNOWN = "toolkit-verify-denied.example.net"
_SPECIAL = "toolkit-verify.internal"
_SAMPLES = 3
NOBODY = "toolkit-verify.example.com"
"""A name that nobody declares, for look-ups that must fail."""


def samples_of(policy: Policy, address: str) -> Samples:
    """A few hosts that the policy lets through by http and https, and a few that it refuses, by its own word."""
    candidates = [*_examples(policy, RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY), NOBODY]
    refused = [_UNKNOWN, _SPECIAL, address, *_examples(policy, RuleKind.DENY)]

    def ways(host: str) -> list[bool]:
        return [decide(policy, parse(f"{scheme}://{host}/")).allowed for scheme in ("http", "https")]

    return Samples(
        allowed=tuple([one for one in dict.fromkeys(candidates) if all(ways(one))][:_SAMPLES]),
        denied=tuple(one for one in dict.fromkeys(refused) if not any(ways(one))),
    )


def _examples(policy: Policy, *kinds: RuleKind) -> Iterator[str]:
    """One host for each pattern."""
    for kind in kinds:
        for pattern in policy.patterns(kind):
            yield f"toolkit-verify{pattern[1:]}" if pattern.startswith("*.") else pattern


def allowed(evidence: Evidence) -> tuple[Verdict, str]:
    hosts, asked, tunnels = evidence.samples.allowed, evidence.seen["ask"], evidence.seen["tunnel"]
    if not hosts:
        return Verdict.SKIP, f"access {evidence.policy.level.value} lets nothing through without a secret"
    wrong = [f"{one} answered {_answer(asked[one])}" for one in hosts if asked[one][0] != _DONE]
    wrong += [f"{one} answered {_answer(tunnels[one])} by https" for one in hosts if tunnels[one][0] != _DONE]
    wrong += [f"{one} did not arrive outside" for one in hosts if one not in evidence.reached(secure=False)]
    wrong += [f"{one} did not arrive outside by https" for one in hosts if one not in evidence.reached(secure=True)]
    wrong += [f"{one} is a refusal in the audit" for one in hosts if _audited(evidence, one, allowed=False)]
    return verdict(wrong, f"let through: {', '.join(hosts)}")


def denied(evidence: Evidence) -> tuple[Verdict, str]:
    hosts, asked, tunnels = evidence.samples.denied, evidence.seen["ask"], evidence.seen["tunnel"]
    wrong = [f"{one} answered {_answer(asked[one])}" for one in hosts if asked[one][0] != _REFUSED]
    wrong += [f"the refusal of {one} does not say why" for one in hosts if not asked[one][1]]
    wrong += [f"{one} answered {_answer(tunnels[one])} by https" for one in hosts if _NO_TUNNEL not in tunnels[one][1]]
    wrong += [f"{one} arrived outside" for one in hosts if one in _arrived(evidence)]
    for way, tunnel in (("", False), (" by https", True)):
        unsaid = [one for one in hosts if not _audited(evidence, one, allowed=False, tunnel=tunnel)]
        wrong += [f"{one} is no refusal in the audit{way}" for one in unsaid]
    return verdict(wrong, f"refused: {', '.join(hosts)}")


def _arrived(evidence: Evidence) -> frozenset[str]:
    return evidence.reached(secure=False) | evidence.reached(secure=True)


def _answer(asked: tuple[int, str]) -> str:
    status, said = asked
    return str(status) if status else f"nothing ({said})"


def _audited(evidence: Evidence, host: str, *, allowed: bool, tunnel: bool | None = None) -> bool:
    """`tunnel` None: be it one or not."""
    return any(
        one.host == host and one.allowed is allowed and tunnel in {None, one.method == "CONNECT"}
        for one in evidence.trail.entries
    )


def isolation(evidence: Evidence) -> tuple[Verdict, str]:
    """Nobody answers the session but its gateways. What stays silent must be proven to answer somebody else."""
    places, control = evidence.places, evidence.control
    wrong = [f"reached without the gateway: {one}" for one in evidence.seen["direct"]]
    if places.name_server in evidence.seen["name_servers"]:
        wrong.append(f"reached without the gateway: {places.name_server}:53")
    mute = [one for one in (places.outside, places.neighbour) if one not in control["direct"]]
    if places.name_server not in control["name_servers"]:
        mute.append(f"{places.name_server}:53")
    wrong += [f"{one} answers nobody, not even its neighbour: nothing is proven" for one in mute]
    return verdict(wrong, f"out of reach: the outside, other sessions, {_host_words(evidence)}")


def _host_words(evidence: Evidence) -> str:
    places = evidence.places
    if not places.hosts:
        return "the engine's host was not tried, for it is not this one"
    if places.host_control not in evidence.control["direct"]:
        return "the host (whose own firewall refuses containers as well)"
    return "the host"


def names(evidence: Evidence) -> tuple[Verdict, str]:
    wrong = [f"{one} was resolved inside" for one in evidence.seen["resolve"]]
    servers = [one for one in evidence.seen["name_servers"] if one != evidence.places.name_server]
    wrong += [f"the name server {one} answered" for one in servers]
    shut = {*evidence.samples.denied, NOBODY} - {*evidence.samples.allowed}
    # Whether one arrives is for `network-denied` and `network-allowed` to tell.
    arrived = _arrived(evidence)
    leaked = [one for one in dict.fromkeys(evidence.queried) if one in shut - arrived]
    wrong += [f"{one} was looked up outside" for one in leaked]
    unseen = [one for one in evidence.samples.allowed if one in arrived and one not in evidence.queried]
    wrong += [f"{one} arrived without a look-up outside: nothing is proven" for one in unseen]
    return verdict(wrong, "names are looked up by the gateway alone, and only those that may pass")
