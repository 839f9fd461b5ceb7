"""`toolkit audit`: what a session's gateway let through and what it refused, by which rule."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.network import policy_record
from toolkit.network.audit import AuditReader, trail
from toolkit.sessions import records, transcript
from toolkit.sessions.gateway_plan import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.model.audit import AuditEntry, AuditTrail
    from toolkit.model.policy import Policy
    from toolkit.sessions.transcript import TranscriptEvent


def audit(engine: Engine, prefix: str) -> AuditTrail:
    """The whole trail of the session; raises NotFoundError where its gateway is gone."""
    gateway = gateway_of(engine, prefix)
    return trail(transcript.lines(engine.logs(gateway.id, follow=False)), _policies(engine, gateway.id))


def follow(engine: Engine, prefix: str) -> Iterator[AuditEntry]:
    """Each entry as it comes, a tunnel at its beginning, until the gateway ends."""
    gateway = gateway_of(engine, prefix)
    yield from _entries(engine, gateway.id, following=True)


def refusals(engine: Engine, session: str, *, following: bool) -> Iterator[TranscriptEvent]:
    """An event for each host that was refused, once: for those who read the transcript. Without a gateway: none.

    `session`: the whole id, or the name of a preparation.
    """
    found = _gateways(engine, session)
    if not found:
        return
    gateway = found[0]
    known: set[tuple[str, str]] = set()
    for entry in _entries(engine, gateway.id, following=following):
        if entry.allowed or (entry.host, entry.rule) in known:
            continue
        known.add((entry.host, entry.rule))
        yield {
            "time": entry.time,
            "type": "refused",
            "turn": 0,
            "host": entry.host,
            "rule": entry.rule,
            "reason": entry.reason,
        }


def _entries(engine: Engine, gateway: str, *, following: bool) -> Iterator[AuditEntry]:
    reader = AuditReader(_policies(engine, gateway))
    tunnels: set[tuple[int, int]] = set()
    for line in transcript.lines(engine.logs(gateway, follow=following)):
        taken = reader.take(line)
        if taken is None:
            continue
        key, entry = taken
        if entry.open:
            tunnels.add(key)
        elif key in tunnels and entry.method == "CONNECT":
            tunnels.discard(key)
            continue  # its end
        yield entry


def gateway_of(engine: Engine, prefix: str) -> EngineContainer:
    """The egress gateway of the session that begins so; raises NotFoundError."""
    session = records.container_of(engine, prefix).labels[labels.SESSION]
    found = _gateways(engine, session)
    if not found:
        raise NotFoundError(
            f"{session} has no gateway any more, and so no audit", hint="somebody removed its container by hand"
        )
    return found[0]


def _gateways(engine: Engine, session: str) -> list[EngineContainer]:
    return engine.containers(labels={labels.KIND: labels.GATEWAY_KIND, labels.SESSION: session})


def _policies(engine: Engine, gateway: str) -> Callable[[str], Policy | None]:
    """By SHA-256, from the gateway's own folder, each read once."""

    @cache
    def policy(sha256: str) -> Policy | None:
        try:
            return policy_record.read(records.read_file(engine, gateway, f"{FOLDER}/policies/{sha256}.json"))
        except (ToolkitError, ValueError):
            return None

    return policy
