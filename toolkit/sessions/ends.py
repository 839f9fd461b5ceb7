"""Stop, resume and remove a session."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from toolkit.errors import NotFoundError, ToolkitError
from toolkit.model import labels
from toolkit.sessions import outer_network
from toolkit.sessions.records import read_file

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer

_GATEWAYS = frozenset({labels.GATEWAY_KIND, labels.GIT_GATEWAY_KIND})
_GATEWAY_STOP_SECONDS = 5
_STOP_SECONDS = 15  # the runner gives its turn 5 s after SIGTERM before it kills what is left


def stop(engine: Engine, container: EngineContainer) -> None:
    """End the session's processes, then its gateways; its disk stays."""
    engine.stop_container(container.id, seconds=_STOP_SECONDS)
    for one in gateways(engine, container.labels[labels.SESSION]):
        engine.stop_container(one.id, seconds=_GATEWAY_STOP_SECONDS)


def resume(engine: Engine, container: EngineContainer) -> None:
    """Start it again on the same disk, its gateways first; it waits for its next turn."""
    for one in gateways(engine, container.labels[labels.SESSION]):
        engine.start_container(one.id)
    engine.start_container(container.id)


def gateways(engine: Engine, session: str) -> list[EngineContainer]:
    """The containers through which the session reaches anything."""
    found = engine.containers(labels={labels.SESSION: session})
    return [one for one in found if one.labels.get(labels.KIND) in _GATEWAYS]


def remove(engine: Engine, container: EngineContainer) -> None:
    """Remove the session with its disk, its gateways and its network, found by its label."""
    discard(engine, container.labels[labels.SESSION])


def discard(engine: Engine, session: str) -> None:
    """Whatever carries the session's label, whole or half made; then the gateways' bridge if nobody needs it."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: engine.remove_container(one.id), engine.containers(labels={labels.SESSION: session})))
        list(pool.map(lambda one: engine.remove_network(one.id), engine.networks(labels={labels.SESSION: session})))
    outer_network.remove_if_unused(engine)


def refuse_to_lose_commits(engine: Engine, container: EngineContainer) -> None:
    """Raise where the session's branch has moved on from where it began: those commits exist only there."""
    branch, base = container.labels.get(labels.BRANCH, ""), container.labels.get(labels.BASE_COMMIT, "")
    head = _head(engine, container, branch)
    if not head or head == base:
        return
    session, folder = container.labels[labels.SESSION], container.labels.get(labels.PROJECT_DIR, "")
    raise ToolkitError(
        f"{session} has commits that exist nowhere else: {branch} is at {head[:12]}, it began at {base[:12]}",
        hint=f"bring them home first ({fetch_command(session, folder, branch)}), or drop them with --force",
        code="unpushed-commits",
    )


def fetch_command(session: str, folder: str, branch: str) -> str:
    """What to type in the checkout to have a running session's branch there."""
    return f'git -c protocol.ext.allow=always fetch "ext::toolkit exec {session} -- %S {folder}" {branch}:{branch}'


def _head(engine: Engine, container: EngineContainer, branch: str) -> str:
    """The commit of the session's branch, read from its disk; empty where there is none (yet)."""
    git = f"{container.labels.get(labels.PROJECT_DIR, '')}/.git"
    try:
        return read_file(engine, container.id, f"{git}/refs/heads/{branch}").decode().strip()
    except NotFoundError:
        pass  # packed, or never made
    try:
        packed = read_file(engine, container.id, f"{git}/packed-refs").decode(errors="replace")
    except NotFoundError:
        return ""
    ends = f" refs/heads/{branch}"
    return next((line.split()[0] for line in packed.splitlines() if line.endswith(ends)), "")
