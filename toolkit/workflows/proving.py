"""From what was seen to verdicts, promise by promise: pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.verification import Proof, Verdict
from toolkit.workflows import proving_commands, proving_network, proving_secrets, proving_session
from toolkit.workflows.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.workflows.evidence import Evidence

    Look = Callable[[Evidence], tuple[Verdict, str]]

_BARE = re.compile(r"^(@[^/]+/)?[^\[=<>~!@:;/ ]+")


def proofs(evidence: Evidence) -> tuple[Proof, ...]:
    """Every promise with its verdict, in the order in which a declaration makes them; the owner's own checks last."""
    own = proving_commands.proofs(evidence.spec.verify, evidence.commands)
    return (*(_proof(name, look, source, evidence) for name, (look, source) in _PROMISES.items()), *own)


def bare(package: str) -> str:
    """A package's name without version, extras, architecture or source."""
    found = _BARE.match(package)
    return found[0] if found else package


def setup_mark(script: str) -> str:
    """What the runner leaves where a setup script has run to its end (`runner/preparation.py`)."""
    return hashlib.sha256(script.encode()).hexdigest()


def _proof(name: str, look: Look, source: str, evidence: Evidence) -> Proof:
    status, detail = look(evidence)
    return Proof(name=name, status=status, detail=detail, seconds=evidence.seconds.get(source, 0.0))


def _image(evidence: Evidence) -> tuple[Verdict, str]:
    own, wanted = evidence.image_labels.get(labels.BUILD, "none"), evidence.build[:SHOWN_DIGITS]
    wrong = [] if own == wanted else [f"the image is of build {own}, not {wanted}"]
    return verdict(wrong, f"build {wanted}")


def _variables(evidence: Evidence) -> tuple[Verdict, str]:
    seen = evidence.seen["variables"]
    wrong = [
        f"{name} is not there" if name not in seen else f"{name} has another value"
        for name, value in evidence.spec.variables
        if seen.get(name) != value
    ]
    return verdict(wrong, f"{len(evidence.spec.variables)} as declared")


def _packages(evidence: Evidence) -> tuple[Verdict, str]:
    found = evidence.seen["packages"]
    wrong = [
        f"{manager}: {name}: {fault}" for manager, names in found.items() for name, fault in names.items() if fault
    ]
    count = sum(len(names) for names in found.values())
    return verdict(wrong, f"{count} installed, and their programs answer")


def _agent(evidence: Evidence) -> tuple[Verdict, str]:
    if "program" not in evidence.seen:
        return Verdict.SKIP, "no program of the environment's own is declared"
    path = evidence.seen["program"]
    return verdict([] if path else ["its program is not on PATH"], f"its program is {path}")


def _setup(evidence: Evidence) -> tuple[Verdict, str]:
    script = evidence.spec.setup.script
    if not script:
        return Verdict.SKIP, "no setup script is declared"
    mark = evidence.seen["marker"]
    wrong = ["the session does not stand on what a setup script left"] if not mark else []
    if mark and mark != setup_mark(script):
        wrong = ["the session stands on what another setup script left"]
    return verdict(wrong, "the session stands on what the script left")


def _limits(evidence: Evidence) -> tuple[Verdict, str]:
    limits, seen = evidence.spec.resources, evidence.seen["limits"]
    wanted = {"memory": limits.memory, "pids": limits.pids, "cpus": limits.cpus}
    declared = {name: value for name, value in wanted.items() if value is not None}
    wrong = [
        f"{name} is {'unlimited' if seen[name] < 0 else seen[name]}, not {value}"
        for name, value in declared.items()
        if abs(float(seen[name]) - float(value)) > 0.01 * float(value)
    ]
    return verdict(wrong, ", ".join(f"{name} {value}" for name, value in declared.items()))


def _disk(evidence: Evidence) -> tuple[Verdict, str]:
    limit = evidence.spec.resources.disk
    if limit is None:
        return Verdict.SKIP, "no limit is declared"
    if evidence.disk_unseen:
        return Verdict.SKIP, evidence.disk_unseen
    size = evidence.seen["limits"]["disk"]
    # What a file system keeps for itself is taken off: it is never larger than its limit.
    wrong = [] if 0.9 * limit <= size <= 1.01 * limit else [f"the session's disk has {size} bytes, not {limit}"]
    return verdict(wrong, f"the session's disk has {size} bytes")


_PROMISES: dict[str, tuple[Look, str]] = {
    "image": (_image, ""),
    "variables": (_variables, "variables"),
    "packages": (_packages, "packages"),
    "agent": (_agent, "program"),
    "setup": (_setup, "marker"),
    "hooks": (proving_session.hooks, "hooks"),
    "network-allowed": (proving_network.allowed, "ask"),
    "network-denied": (proving_network.denied, "ask"),
    "network-isolated": (proving_network.isolation, "direct"),
    "network-names": (proving_network.names, "resolve"),
    "limits": (_limits, "limits"),
    "disk": (_disk, "limits"),
    "secrets": (proving_secrets.secrets, "secrets"),
    "push": (proving_session.push, "pushes"),
}
