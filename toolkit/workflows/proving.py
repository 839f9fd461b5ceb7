"""From what was seen to verdicts, promise by promise: pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.policy import RuleKind
from toolkit.model.verification import Proof, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from toolkit.model.audit import AuditTrail
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.policy import Policy

_REFUSED = 403
_BARE = re.compile(r"^(@[^/]+/)?[^\[=<>~!@:;/ ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Hosts that the policy lets through by http, and hosts that it refuses."""

    allowed: tuple[str, ...]
    denied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was declared, and what was seen: inside (`seen`), by the gateway (`trail`), at the peer outside.

    `requested` and `queried` are names that reached the peer; `image_labels` are those of the image that it ran on.
    """

    spec: EnvironmentSpec
    policy: Policy
    samples: Samples
    seen: dict[str, Any]
    trail: AuditTrail
    requested: tuple[str, ...]
    queried: tuple[str, ...]
    build: str
    image_labels: Mapping[str, str]
    has_snapshot: bool


def proofs(evidence: Evidence) -> tuple[Proof, ...]:
    """Every promise with its verdict, in the order in which a declaration makes them."""
    return tuple(_proof(name, look, evidence) for name, look in _PROMISES.items())


def bare(package: str) -> str:
    """A package's name without version, extras, architecture or source."""
    found = _BARE.match(package)
    return found[0] if found else package


def examples(policy: Policy) -> Iterator[str]:
    """One host for each pattern that lets something through by name."""
    for kind in (RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY):
        yield from map(_example, policy.patterns(kind))


def denied_examples(policy: Policy) -> Iterator[str]:
    yield from map(_example, policy.patterns(RuleKind.DENY))


def _example(pattern: str) -> str:
    return f"toolkit-verify{pattern[1:]}" if pattern.startswith("*.") else pattern


def _proof(name: str, look: Callable[[Evidence], tuple[Verdict, str]], evidence: Evidence) -> Proof:
    status, detail = look(evidence)
    return Proof(name=name, status=status, detail=detail)


def _image(evidence: Evidence) -> tuple[Verdict, str]:
    own, wanted = evidence.image_labels.get(labels.BUILD, "none"), evidence.build[:SHOWN_DIGITS]
    wrong = [] if own == wanted else [f"the image is of build {own}, not {wanted}"]
    return _verdict(wrong, f"build {wanted}")


def _variables(evidence: Evidence) -> tuple[Verdict, str]:
    seen = evidence.seen["variables"]
    wrong = [
        f"{name} is not there" if name not in seen else f"{name} has another value"
        for name, value in evidence.spec.variables
        if seen.get(name) != value
    ]
    return _verdict(wrong, f"{len(evidence.spec.variables)} as declared")


def _packages(evidence: Evidence) -> tuple[Verdict, str]:
    found = evidence.seen["packages"]
    missing = [f"{manager}: {name}" for manager, names in found.items() for name, there in names.items() if not there]
    count = sum(len(names) for names in found.values())
    return _verdict([f"not installed: {', '.join(missing)}"] if missing else [], f"{count} installed")


def _setup(evidence: Evidence) -> tuple[Verdict, str]:
    if not evidence.spec.setup.script:
        return Verdict.SKIP, "no setup script is declared"
    wrong = [] if evidence.has_snapshot else ["the session did not start from a snapshot of its setup script"]
    return _verdict(wrong, "the session started from the script's snapshot")


def _hooks(evidence: Evidence) -> tuple[Verdict, str]:
    if not evidence.spec.session_start:
        return Verdict.SKIP, "no hook is declared"
    return Verdict.SKIP, "hooks are not run by a verification"


def _allowed(evidence: Evidence) -> tuple[Verdict, str]:
    hosts = evidence.samples.allowed
    if not hosts:
        return Verdict.SKIP, f"access {evidence.policy.level.value} lets nothing through by http"
    asked = evidence.seen["asked"]
    wrong = [f"{one} answered {asked[one][0]}" for one in hosts if asked[one][0] != 200]
    wrong += [f"{one} did not arrive outside" for one in hosts if one not in evidence.requested]
    wrong += [f"{one} is no allow in the audit" for one in hosts if not _audited(evidence, one, allowed=True)]
    return _verdict(wrong, f"let through: {', '.join(hosts)}")


def _denied(evidence: Evidence) -> tuple[Verdict, str]:
    hosts, asked = evidence.samples.denied, evidence.seen["asked"]
    wrong = [f"{one} answered {asked[one][0]}" for one in hosts if asked[one][0] != _REFUSED]
    wrong += [f"the refusal of {one} does not say why" for one in hosts if not asked[one][1]]
    wrong += [f"{one} arrived outside" for one in hosts if one in evidence.requested]
    wrong += [f"{one} is no deny in the audit" for one in hosts if not _audited(evidence, one, allowed=False)]
    return _verdict(wrong, f"refused: {', '.join(hosts)}")


def _audited(evidence: Evidence, host: str, *, allowed: bool) -> bool:
    return any(one.host == host and one.allowed is allowed for one in evidence.trail.entries)


def _isolation(evidence: Evidence) -> tuple[Verdict, str]:
    reached = evidence.seen["direct"]
    return _verdict([f"reached without the gateway: {', '.join(reached)}"] if reached else [], "no way but the gateway")


def _names(evidence: Evidence) -> tuple[Verdict, str]:
    wrong = [f"{one} was resolved inside" for one in evidence.seen["resolved"]]
    wrong += [f"the name server {one} answered" for one in evidence.seen["answered"]]
    leaked = [one for one in evidence.queried if one in evidence.samples.denied or one.startswith("verify.")]
    wrong += [f"{one} was looked up outside" for one in leaked]
    return _verdict(wrong, "names are looked up by the gateway alone, and only those that may pass")


def _limits(evidence: Evidence) -> tuple[Verdict, str]:
    limits, seen = evidence.spec.resources, evidence.seen["limits"]
    wanted = {"memory": limits.memory, "pids": limits.pids, "cpus": limits.cpus}
    declared = {name: value for name, value in wanted.items() if value is not None}
    wrong = [
        f"{name} is {seen[name]:g}, not {value:g}"
        for name, value in declared.items()
        if abs(float(seen[name]) - float(value)) > 0.01 * float(value)
    ]
    return _verdict(wrong, ", ".join(f"{name} {value:g}" for name, value in declared.items()))


def _secrets(evidence: Evidence) -> tuple[Verdict, str]:
    if not evidence.spec.network.secrets:
        return Verdict.SKIP, "no secret is declared"
    found = len(evidence.seen["canaries"])
    wrong = [f"{found} of the values in their place were found inside"] if found else []
    return _verdict(wrong, "none of the values in their place is in files, variables or processes")


def _verdict(wrong: Sequence[str], good: str) -> tuple[Verdict, str]:
    return (Verdict.FAIL, "; ".join(wrong)) if wrong else (Verdict.PASS, good)


_PROMISES: dict[str, Callable[[Evidence], tuple[Verdict, str]]] = {
    "image": _image,
    "variables": _variables,
    "packages": _packages,
    "setup": _setup,
    "hooks": _hooks,
    "network-allowed": _allowed,
    "network-denied": _denied,
    "network-isolated": _isolation,
    "network-names": _names,
    "limits": _limits,
    "secrets": _secrets,
}
