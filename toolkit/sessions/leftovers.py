"""What a client that died in the middle left behind: found by label, never anything that is alive."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.sessions import launcher, outer_network
from toolkit.sessions.names import VERIFY_FOLDER, VERIFY_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.engines.base import Engine, EngineContainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """`kind` is container, network, volume or folder; `identity` what removes it.

    `session`: whose part it is. `never_began`: it is a leftover only for as long as it has not been started.
    """

    kind: str
    name: str
    identity: str
    reason: str
    session: str = ""
    never_began: bool = False


def find(engine: Engine) -> tuple[Leftover, ...]:
    """Containers that never started and networks without a session whose maker is gone, and its folders here.

    A preparation whose maker is gone is one as well, for nobody would keep what it makes, and so is all of a
    verification, running or not.
    """
    containers = [one for one in engine.containers(labels={labels.SESSION: ""}) if one.labels[labels.SESSION]]
    # A gateway may still be about to start for a session that runs already: they are started at the same time.
    running = {
        one.labels[labels.SESSION]
        for one in containers
        if one.status == "running" and one.labels.get(labels.KIND) == "session"
    }
    unborn = [
        one for one in containers if _orphaned(one.labels) and (_serves_its_maker(one) or _never_started(one, running))
    ]
    unborn += _companions(containers, unborn)
    living = {one.labels[labels.SESSION] for one in containers} - {one.labels[labels.SESSION] for one in unborn}
    lonely = [
        one
        for one in engine.networks(labels={labels.KIND: "network"})
        if one.labels.get(labels.SESSION) not in living and _orphaned(one.labels)
    ]
    labs = {labels.KIND: labels.TEST_KIND, labels.VERIFICATION: ""}
    unborn += [one for one in engine.containers(labels=labs) if _orphaned(one.labels)]
    lonely += [one for one in engine.networks(labels=labs) if _orphaned(one.labels)]
    return (
        *sorted(map(_of_container, unborn), key=lambda one: not one.never_began),
        *(
            Leftover(
                kind="network",
                name=one.name,
                identity=one.id,
                reason="no session uses it",
                session=one.labels.get(labels.SESSION, ""),
            )
            for one in lonely
        ),
        *_mirrors(engine, containers, unborn),
        *(
            Leftover(kind="network", name=one.name, identity=one.id, reason="no gateway uses it")
            for one in outer_network.unused(engine)
        ),
        *(
            Leftover(kind="folder", name=one.name, identity=str(one), reason="its launch was cut off")
            for one in _folders()
        ),
    )


def _of_container(container: EngineContainer) -> Leftover:
    return Leftover(
        kind="container",
        name=container.name,
        identity=container.id,
        reason="its client is gone",
        session=container.labels.get(labels.SESSION, ""),
        never_began=container.labels.get(labels.KIND) == "session" and not _serves_its_maker(container),
    )


def _serves_its_maker(container: EngineContainer) -> bool:
    verifies = container.labels[labels.SESSION].startswith(VERIFY_PREFIX)
    return verifies or container.labels.get(labels.KIND) == labels.PREPARE_KIND


def _never_started(container: EngineContainer, running: set[str]) -> bool:
    return container.status == "created" and container.labels[labels.SESSION] not in running


def _companions(containers: list[EngineContainer], unborn: list[EngineContainer]) -> list[EngineContainer]:
    """The gateways of preparations and of sessions that never began."""
    mains = {labels.PREPARE_KIND, "session"}
    kept = {one.labels[labels.SESSION] for one in containers if one.labels.get(labels.KIND) in mains}
    kept -= {one.labels[labels.SESSION] for one in unborn if one.labels.get(labels.KIND) in mains}
    known = {one.id for one in unborn}
    return [
        one
        for one in containers
        if one.id not in known
        and one.labels.get(labels.KIND) not in mains
        and _orphaned(one.labels)
        and one.labels[labels.SESSION] not in kept
    ]


def _mirrors(engine: Engine, containers: list[EngineContainer], unborn: list[EngineContainer]) -> Iterator[Leftover]:
    """Those of verifications that are over: a verification has a remote of its own, which no other session has."""
    gone = {one.id for one in unborn}
    used = {one.labels.get(labels.REPOSITORY, "") for one in containers if one.id not in gone}
    for one in engine.volumes(labels={labels.KIND: labels.MIRROR_KIND}):
        remote = one.labels.get(labels.REPOSITORY, "")
        if remote not in used and Path(remote).parent.name.startswith(VERIFY_FOLDER):
            yield Leftover(kind="volume", name=one.name, identity=one.name, reason="its client is gone")


def remove(engine: Engine, found: Sequence[Leftover]) -> Iterator[Leftover]:
    """One after another, those that are gone now; idempotent.

    A client's last request may reach the engine after its death: a session that has begun since it was found keeps
    all of its parts. The engine decides that, so that nothing alive is removed.
    """
    begun: set[str] = set()
    for one in found:
        if one.session in begun:
            continue
        try:
            _remove(engine, one)
        except EngineError:
            if not one.never_began or not _runs(engine, one.identity):
                raise
            begun.add(one.session)
        else:
            yield one


def _runs(engine: Engine, identity: str) -> bool:
    container = engine.container(identity)
    return container is not None and container.status == "running"


def _remove(engine: Engine, leftover: Leftover) -> None:
    if leftover.kind == "container":
        engine.remove_container(leftover.identity, force=not leftover.never_began)
    elif leftover.kind == "network":
        engine.remove_network(leftover.identity)
    elif leftover.kind == "volume":
        engine.remove_volume(leftover.identity)
    else:
        shutil.rmtree(leftover.identity, ignore_errors=True)


def launch_folder(mark: str) -> Path:
    """Where one client keeps what it is about to carry up; its name tells whether the client still lives."""
    return paths.state_dir() / "launches" / mark


def _folders() -> list[Path]:
    parent = paths.state_dir() / "launches"
    return [one for one in sorted(parent.iterdir()) if launcher.is_gone(one.name)] if parent.is_dir() else []


def _orphaned(found: object) -> bool:
    return launcher.is_gone(dict(found).get(labels.LAUNCHER, "")) if isinstance(found, dict) else False
