"""`toolkit doctor`: what is wrong on this machine, and the command that mends it."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import ToolkitError
from toolkit.model import labels
from toolkit.model.check import Check, Status
from toolkit.model.event import Event, OnEvent, Phase, ignore
from toolkit.sessions import disk_limit, gateway_health, leftovers
from toolkit.workflows import declarations, setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.sessions.leftovers import Leftover

_ENGINE_STORE = Path("/var/lib/docker")
_LITTLE_BYTES = 5_000_000_000
_TOO_LITTLE_BYTES = 1_000_000_000
_GATEWAYS_AT_ONCE = 4
_CUT_OFF = "no network, since its gateway does not run"
_NO_GIT = "no way to its repository, since its git gateway does not run"


def run(root: Path | None, on_event: OnEvent, *, fix: bool) -> Iterator[Check]:
    """The steps of setup as they stand, then disk space and leftovers; with `fix` leftovers are removed."""
    engine, check = setup.engine_step(ignore, change=False)
    yield check
    program, check = setup.pulumi_step(ignore, change=False)
    yield check
    yield setup.language_host_step(program)
    yield setup.plugin_step(root, program, ignore, change=False)
    yield setup.base_step(root, engine, ignore, change=False)
    yield disk_check(_stores(root, engine))
    yield from _disk_limit_checks(root, engine)
    yield _gateways_check(engine)
    yield _leftovers_check(engine, on_event, fix=fix)


def disk_check(stores: dict[str, Path]) -> Check:
    """The place with the least room decides; `stores` is what it holds → a folder on that disk."""
    free = {what: shutil.disk_usage(_existing(folder)).free for what, folder in stores.items()}
    least = min(free, key=lambda what: free[what])
    status = Status.OK
    if free[least] < _LITTLE_BYTES:
        status = Status.WARN if free[least] >= _TOO_LITTLE_BYTES else Status.FAIL
    return Check(
        name="disk",
        status=status,
        detail=", ".join(f"{count / 1e9:.1f} GB free for {what}" for what, count in free.items()),
        fix="" if status is Status.OK else f"free some space in {stores[least]}",
    )


def _stores(root: Path | None, engine: Engine | None) -> dict[str, Path]:
    stores = {"caches": paths.cache_dir()}
    if root is not None:
        stores["the project"] = root
    if engine is not None and engine.version().local and _ENGINE_STORE.is_dir():
        stores["the engine"] = _ENGINE_STORE
    return stores


def _disk_limit_checks(root: Path | None, engine: Engine | None) -> Iterator[Check]:
    """Only where an environment asks for a limit: it holds, or its users should know that it does not."""
    if root is None or engine is None:
        return
    try:
        asking = [one.name for one in declarations.all_environments(root) if one.resources.disk is not None]
        about = engine.version()
    except ToolkitError:
        return  # the engine's step says it, or `toolkit validate`
    if not asking:
        return
    holds = disk_limit.may_hold(about)
    told = "the engine's storage driver can hold it" if holds else disk_limit.unheld(about)
    yield Check(
        name="disk limits",
        status=Status.OK if holds else Status.WARN,
        detail=f"resources.disk of {', '.join(asking)}: {told}",
        fix="" if holds else "move the engine's data-root to such a disk",
    )


def _existing(folder: Path) -> Path:
    return next(one for one in (folder, *folder.parents) if one.exists())


def _gateways_check(engine: Engine | None) -> Check:
    """A session whose gateway has ended or is worn out has no network, or little, which its user may not expect."""
    name = "gateways"
    if engine is None:
        return Check(name=name, status=Status.WARN, detail="cannot be asked without the engine", fix="toolkit setup")
    try:
        found = engine.containers(labels={labels.SESSION: ""})
    except ToolkitError as error:
        return Check(name=name, status=Status.FAIL, detail=error.message, fix=error.hint)
    working = {_session(one): one for one in found if _is(one, labels.GATEWAY_KIND) and one.status == "running"}
    running = {_session(one) for one in found if _is(one, "session") and one.status == "running"}
    complaints: dict[str, tuple[str, ...]] = dict.fromkeys(running - set(working), (_CUT_OFF,))
    no_git = running & {_session(one) for one in found if _is(one, labels.GIT_GATEWAY_KIND) and one.status != "running"}
    asked = sorted(running & set(working))
    with ThreadPoolExecutor(_GATEWAYS_AT_ONCE) as pool:
        looks = pool.map(lambda one: _complaints(engine, working[one]), asked)
        complaints |= {one: found for one, found in zip(asked, looks, strict=True) if found}
    mended = {one: f"toolkit network update {one}" for one in complaints}
    for one in no_git:
        complaints[one] = (*complaints.get(one, ()), _NO_GIT)
        mended[one] = f"toolkit stop {one} && toolkit resume {one}"
    if not complaints:
        return Check(name=name, status=Status.OK, detail=f"{len(working)} running")
    told = sorted(complaints)
    return Check(
        name=name,
        status=Status.WARN,
        detail="; ".join(f"{one}: {', '.join(complaints[one])}" for one in told),
        fix="; ".join(mended[one] for one in told),
    )


def _complaints(engine: Engine, gateway: EngineContainer) -> tuple[str, ...]:
    try:
        return gateway_health.look(engine, gateway).complaints
    except ToolkitError as error:
        return (error.message,)


def _is(container: EngineContainer, kind: str) -> bool:
    return container.labels.get(labels.KIND) == kind


def _session(container: EngineContainer) -> str:
    return container.labels.get(labels.SESSION, "")


def _leftovers_check(engine: Engine | None, on_event: OnEvent, *, fix: bool) -> Check:
    name = "leftovers"
    if engine is None:
        return Check(
            name=name, status=Status.WARN, detail="cannot be looked for without the engine", fix="toolkit setup"
        )
    try:
        found = leftovers.find(engine)
        if not found:
            return Check(name=name, status=Status.OK, detail="none")
        if not fix:
            return Check(name=name, status=Status.WARN, detail=_listed(found), fix="toolkit doctor --fix")
        removed = []
        for one in _removed(engine, found):
            removed.append(one)
            on_event(Event(step=name, phase=Phase.PROGRESS, text=f"removed {one.kind} {one.name}"))
    except ToolkitError as error:
        return Check(name=name, status=Status.FAIL, detail=error.message, fix=error.hint)
    return Check(name=name, status=Status.OK, detail=f"removed: {_listed(removed)}" if removed else "none")


def _listed(found: Sequence[Leftover]) -> str:
    return ", ".join(f"{one.kind} {one.name} ({one.reason})" for one in found)


def _removed(engine: Engine, found: Sequence[Leftover]) -> Iterator[Leftover]:
    """Of those, and of what has become one by their removal: the gateways' network, when they were the last."""
    yield from leftovers.remove(engine, found)
    known = {one.identity for one in found}
    yield from leftovers.remove(engine, [one for one in leftovers.find(engine) if one.identity not in known])
