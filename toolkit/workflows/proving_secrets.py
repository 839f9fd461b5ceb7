"""The secrets' promises: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.model.gateway import SecretHeader
from toolkit.model.verification import Verdict
from toolkit.network.decide import decide
from toolkit.network.url import parse
from toolkit.workflows.evidence import SecretPlan
from toolkit.workflows.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from toolkit.model.environment import SecretSpec
    from toolkit.model.policy import Policy
    from toolkit.workflows.evidence import Evidence

OF_THE_SESSION = "of-the-session"
"""What the session itself sends in the secrets' headers: dropped where there is a secret, else left alone."""


_CANARY = "canary-"


def secret_plan(policy: Policy, declared: Sequence[SecretSpec], words: Callable[[], str]) -> SecretPlan:
    """`words` makes what nobody can guess, for what stands in the place of each secret."""

    def passes(host: str) -> bool:
        return decide(policy, parse(f"https://{host}/")).allowed

    hosts = dict.fromkeys(host for one in declared for host in one.hosts)
    return SecretPlan(
        canaries=tuple(
            SecretHeader(name=one.name, hosts=one.hosts, header=one.header, value=f"{one.prefix}{_CANARY}{words()}")
            for one in declared
        ),
        hosts=tuple(filter(passes, hosts)),
    )


def secrets(evidence: Evidence) -> tuple[Verdict, str]:
    """Each value arrives by https where it is declared and nowhere else, and is in no place inside."""
    plan = evidence.secrets
    if not plan.canaries:
        return Verdict.SKIP, "no secret is declared"
    wrong = [*_inside(evidence), *_undelivered(evidence), *_untouched(evidence), *_astray(evidence)]
    places = f"arrive by https at {', '.join(plan.hosts)}" if plan.hosts else "pass nowhere by the policy"
    return verdict(wrong, f"the values in their place {places}, and are in no file, variable or process inside")


def bare(canary: SecretHeader) -> str:
    """Without the prefix, which a copy might lack."""
    return canary.value[canary.value.rindex(_CANARY) :]


def _inside(evidence: Evidence) -> Iterator[str]:
    found = list(evidence.seen["secrets"]["found"])
    if evidence.session not in found:
        yield "the search does not even find the session's own id: nothing is proven"
        return
    found.remove(evidence.session)
    if found:
        yield f"{len(found)} of the values in their place were found inside"


def _undelivered(evidence: Evidence) -> Iterator[str]:
    answers, reached = evidence.seen["secrets"]["answers"], evidence.reached(secure=True)
    for host in evidence.secrets.hosts:
        if host not in reached:
            yield f"{host} was not reached by https: {' '.join(map(str, answers[host])).strip()}"
            continue
        for one in evidence.secrets.canaries:
            if host in one.hosts and _received(evidence, host, one.header) != [one.value]:
                yield f"{one.header} of {one.name} did not arrive at {host} as declared"


def _astray(evidence: Evidence) -> Iterator[str]:
    """A value where it is not declared, by http at its own host as well."""
    for one in evidence.secrets.canaries:
        for at in evidence.arrived:
            carried = any(bare(one) in value for _, value in at.headers)
            if carried and not (at.secure and at.host in one.hosts):
                yield f"{one.name} arrived at {at.host} by {'https' if at.secure else 'http'}"


def _untouched(evidence: Evidence) -> Iterator[str]:
    """Elsewhere the session's own headers pass; that a host is not reached at all is `network-allowed`'s to tell."""
    for host in (one for one in evidence.samples.allowed if one in evidence.reached(secure=True)):
        for header in {one.header for one in evidence.secrets.canaries}:
            if OF_THE_SESSION not in _received(evidence, host, header):
                yield f"the session's own {header} did not arrive at {host}"


def _received(evidence: Evidence, host: str, header: str) -> list[str]:
    return [
        value
        for at in evidence.arrived
        if at.secure and at.host == host
        for name, value in at.headers
        if name.lower() == header.lower()
    ]
