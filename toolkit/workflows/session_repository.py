"""A session's repository as it stands: what is committed, what of it is at the remote, what exists only inside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import EngineError, NotFoundError, ToolkitError
from toolkit.git import addresses, asking, remote_refs
from toolkit.git.gateway import FOLDER
from toolkit.model import labels
from toolkit.sessions import inner_repository, records
from toolkit.sessions.inner_repository import InnerRefs
from toolkit.workflows import session_remote

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.workflows.session_remote import Opened

_SECONDS = 60.0
_HEADS = "refs/heads/"
_NOT_OWN = ("refs/remotes/", "refs/toolkit/")  # what came from elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRepository:
    """`own`: refs inside the session. `gate`: those of its git gateway, which are the remote's. `has_remote`: pushes
    go on to a real remote. `uncommitted`: changed files, as far as that is known; None: it is not.
    """

    session: str
    container: EngineContainer
    gateway: EngineContainer | None
    own: InnerRefs
    gate: InnerRefs
    has_remote: bool
    uncommitted: int | None

    @property
    def branch(self) -> str:
        return self.container.labels.get(labels.BRANCH, "")

    @property
    def base(self) -> str:
        """The commit at which the session began."""
        return self.container.labels.get(labels.BASE_COMMIT, "")

    @property
    def address(self) -> str:
        return self.container.labels.get(labels.REPOSITORY, "")

    @property
    def project_dir(self) -> str:
        return self.container.labels.get(labels.PROJECT_DIR, "")

    @property
    def is_running(self) -> bool:
        return self.container.status == "running"

    @property
    def commit(self) -> str:
        """The tip of the session's branch; where it never began, its beginning."""
        return self.own.refs.get(f"{_HEADS}{self.branch}", "") or self.base

    @property
    def pushed(self) -> str:
        """The branch's tip at the remote (without one: in the gateway); empty: it is not there."""
        return self.gate.refs.get(f"{_HEADS}{self.branch}", "")


def look(engine: Engine, container: EngineContainer, *, with_uncommitted: bool = True) -> SessionRepository:
    """Read both repositories from the engine, whether their containers run or not."""
    session = container.labels[labels.SESSION]
    found = engine.containers(labels={labels.SESSION: session, labels.KIND: labels.GIT_GATEWAY_KIND})
    gateway = found[0] if found else None
    project = container.labels.get(labels.PROJECT_DIR, "")
    with ThreadPoolExecutor(3) as pool:
        own = pool.submit(inner_repository.read_refs, engine, container.id, f"{project}/.git")
        uncommitted = pool.submit(_uncommitted, engine, container, project) if with_uncommitted else None
        gate = inner_repository.read_refs(engine, gateway.id, f"{FOLDER}/repository.git") if gateway else InnerRefs()
        return SessionRepository(
            session=session,
            container=container,
            gateway=gateway,
            own=own.result(),
            gate=gate,
            has_remote=bool(gateway and gateway.labels.get(labels.REPOSITORY)),
            uncommitted=uncommitted.result() if uncommitted else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyHere:
    """`tips`: branches, tags, HEAD, stashed work whose commits would be lost with the session: `name at commit`.

    `unknown`: why the remote could not be asked, so that nothing counts as being there; empty: it was.
    """

    tips: tuple[str, ...] = ()
    unknown: str = ""


def only_here(engine: Engine, found: SessionRepository) -> OnlyHere:
    """What the session alone has: neither the remote, asked now, nor the checkout that it came from."""
    moved = {name: one for name, one in _tips(found).items() if one != found.base}
    if not moved:
        return OnlyHere()
    home = session_remote.opened(found.address)
    tips = {
        name: one for name, one in moved.items() if not is_at_home(found.address, one) and not _is_in(home.top, one)
    }
    if not tips:
        return OnlyHere()
    kept, unknown = _kept(found, home)
    left = {name: one for name, one in tips.items() if one not in kept and not _is_reachable(engine, found, one, kept)}
    return OnlyHere(
        tips=tuple(
            f"{name.removeprefix(_HEADS).removeprefix('refs/')} at {identity[:12]}"
            for name, identity in sorted(left.items())
        ),
        unknown=unknown,
    )


def refuse_to_lose(engine: Engine, container: EngineContainer) -> None:
    """Raise where commits of the session exist neither at its remote nor in the checkout that it came from."""
    found = look(engine, container, with_uncommitted=False)
    lost = only_here(engine, found)
    if not lost.tips:
        return
    listed = ", ".join(lost.tips)
    if lost.unknown:
        raise ToolkitError(
            f"{found.session} has commits that may exist nowhere else, since {found.address} cannot be asked "
            f"({lost.unknown}): {listed}",
            hint="try again when it answers, or drop them with --force",
            code="unpushed-commits",
        )
    raise ToolkitError(
        f"{found.session} has commits that exist nowhere else: {listed}",
        hint=f"bring them home (toolkit teleport {found.session}), push them, or drop them with --force",
        code="unpushed-commits",
    )


def _tips(found: SessionRepository) -> dict[str, str]:
    """What the session has made or might have; without a remote, what it has pushed into its gateway too."""
    own = {**found.own.refs, **({"HEAD": found.own.head} if found.own.head else {})}
    tips = {name: one for name, one in own.items() if not name.startswith(_NOT_OWN)}
    if found.has_remote:
        return tips
    pushed = {name: one for name, one in found.gate.refs.items() if name.startswith((_HEADS, "refs/tags/"))}
    return {**tips, **{f"{name} (pushed)": one for name, one in pushed.items() if tips.get(name) != one}}


def _kept(found: SessionRepository, home: Opened) -> tuple[set[str], str]:
    """Commits that are safe elsewhere, and why the remote could not be asked.

    What the session and its gateway remember of the remote does not count: a branch may be gone there by now.
    """
    if not found.has_remote:
        return {found.base, *_from_home(found.gate)}, ""
    answer = remote_refs.ask(home.remote, folder=home.top, shown=found.address)
    return {found.base, *answer.refs.values()}, answer.failure


def is_at_home(repository: str, identity: str) -> bool:
    """Whether a branch or tag of the checkout that the session came from leads to this commit."""
    if not repository or addresses.is_address(repository) or not Path(repository).is_dir():
        return False
    return _is_in(Path(repository), identity)


def _is_in(folder: Path | None, identity: str) -> bool:
    if folder is None:
        return False
    words = ("for-each-ref", "--count=1", f"--contains={identity}", "refs/heads", "refs/tags", "refs/remotes")
    done = asking.git(folder, *words, check=False)
    return done.returncode == 0 and bool(done.stdout.strip())


def _from_home(gate: InnerRefs) -> set[str]:
    """What was carried from home lies in the gateway under names of its own."""
    return {identity for name, identity in gate.refs.items() if name.startswith(("refs/home/", "refs/toolkit/"))}


def _is_reachable(engine: Engine, found: SessionRepository, identity: str, kept: set[str]) -> bool:
    """An older commit of what is kept is kept too; only a running session can tell."""
    if not found.is_running:
        return False
    words = ("rev-list", "--ignore-missing", "--max-count=1", identity, "--not", *sorted(kept))
    try:
        command = ("git", "-C", found.project_dir, *words)
        done = engine.execute(found.container.id, command, environment={}, timeout=_SECONDS)
    except EngineError:
        return False
    return done.exit_code == 0 and not done.stdout.strip()


def _uncommitted(engine: Engine, container: EngineContainer, project: str) -> int | None:
    if container.status == "running":
        try:
            command = ("git", "-C", project, "status", "--porcelain")
            done = engine.execute(container.id, command, environment={}, timeout=_SECONDS)
        except (EngineError, NotFoundError):
            return None
        return len(done.stdout.splitlines()) if done.exit_code == 0 else None
    told = records.state_fields(engine, container.id).get("uncommitted")
    return told if isinstance(told, int) else None
