"""`toolkit teleport`: a session's branch, transcript and conversation come to this checkout, or nothing changes."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.diagnostics import Diagnostic
from toolkit.errors import ToolkitError
from toolkit.git import asking, credentials, homecoming, homecoming_checks
from toolkit.git.gateway import FOLDER
from toolkit.git.repository import top_of
from toolkit.model import labels
from toolkit.model.event import Event, Phase
from toolkit.model.homecoming import Homecoming
from toolkit.sessions import histories, inner_repository, launcher, records, transcript
from toolkit.workflows import homecoming_sides, session_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.engines.base import Engine
    from toolkit.git.homecoming_checks import Obstacle
    from toolkit.model.event import OnEvent
    from toolkit.workflows.session_repository import SessionRepository

_SECONDS = 300.0
_HEADS = "refs/heads/"
_FETCHED = "refs/toolkit/sessions/"
_HIDDEN = "*\n"  # a .gitignore that hides its own folder, itself included


class RefusedError(ToolkitError):
    """Nothing was touched; `offers` are the words of `Wishes` that would remove an obstacle."""

    code = "teleport"

    def __init__(self, session: str, found: Sequence[Obstacle], top: Path) -> None:
        problems = [
            Diagnostic(path=str(top), line=0, column=0, pointer="", rule=one.rule, message=one.message, hint=one.hint)
            for one in found
        ]
        rules = ", ".join(dict.fromkeys(one.rule for one in found))
        super().__init__(f"{session} cannot come home yet ({rules}); nothing was touched", diagnostics=problems)
        self.offers = {one.offer: one.message for one in found if one.offer}
        self.only_offers = all(one.offer for one in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """`stash`: put uncommitted work here aside. `commit`: commit and push the session's first. `same_repository`: a
    remote of the same owner and name on another host is the session's.
    """

    stash: bool = False
    commit: bool = False
    same_repository: bool = False


def teleport(
    root: Path | None, engine: Engine, prefix: str, wishes: Wishes, on_event: OnEvent, *, where: str = "."
) -> Homecoming:
    """Bring the session home to the checkout `where`.

    Raises:
        RefusedError: something stands in the way; nothing was touched.
        ToolkitError: a step failed; the checkout is as it was.
    """
    top = top_of(where)
    if homecoming.recover(top, is_gone=launcher.is_gone):
        _say(on_event, "a teleport that was cut off here was undone")
    container = records.container_of(engine, prefix)
    _say(on_event, f"checking {container.labels[labels.SESSION]}", Phase.STARTED)
    found = session_repository.look(engine, container)
    if wishes.commit and found.uncommitted:
        _commit_inside(engine, found)
        found = session_repository.look(engine, container)
    here, there = homecoming_sides.here(top, root), homecoming_sides.there(engine, found)
    obstacles = homecoming_checks.obstacles(here, there, stash=wishes.stash, same_repository=wishes.same_repository)
    if obstacles:
        raise RefusedError(found.session, obstacles, top)
    _say(on_event, f"session: {found.session}, {found.branch} at {found.commit[:12]}")
    events = _transcript(engine, container.id)
    _say(on_event, f"transcript: {len(events)} events")
    remote = homecoming_checks.remote_for(here, there, trusted=wishes.same_repository)
    target, upstream = _fetch(engine, found, top, remote)
    _say(on_event, f"fetched: {found.branch} at {target[:12]}")
    return _come_home(engine, found, top, target, upstream, events, stash=bool(here.changed))


def _come_home(
    engine: Engine,
    found: SessionRepository,
    top: Path,
    target: str,
    upstream: str,
    events: Sequence[object],
    *,
    stash: bool,
) -> Homecoming:
    obstacle = homecoming.look_for_obstacles(top, found.branch, target)
    if obstacle:
        raise ToolkitError(obstacle, hint="nothing was changed", code="teleport")
    note = f"toolkit teleport {found.session}" if stash else ""
    with homecoming.checked_out(
        top, found.branch, target, upstream=upstream, stash=note, owner=launcher.mark()
    ) as arrival:
        written = _write_transcript(top, found.session, events)
        brought = histories.bring(
            engine,
            found.container.id,
            agent=found.container.labels.get(labels.AGENT, ""),
            project_dir=found.project_dir,
            checkout=top,
        )
    return Homecoming(
        session=found.session,
        branch=found.branch,
        commit=target,
        commits=_count(top, found.base, target),
        upstream=upstream,
        transcript=written,
        stashed=arrival.stashed,
        resume=brought.resume if brought else "",
    )


def _commit_inside(engine: Engine, found: SessionRepository) -> None:
    script = (
        'git add --all && git commit --quiet --message "Work in progress" && '
        'git push --quiet --no-verify origin "refs/heads/$1:refs/heads/$1"'
    )
    command = ("sh", "-c", f'cd "$2" && {script}', "sh", found.branch, found.project_dir)
    done = engine.execute(found.container.id, command, environment={}, timeout=_SECONDS)
    if done.exit_code:
        said = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise ToolkitError(
            f"the work in {found.session} could not be committed and pushed: {said}",
            hint=f"look inside: toolkit exec {found.session} -- git status",
        )


def _fetch(engine: Engine, found: SessionRepository, top: Path, remote: str) -> tuple[str, str]:
    """The commit to check out, which is here now, and its upstream."""
    if not found.pushed:  # it has committed nothing
        if not _has(top, found.base) and remote:
            words = ("fetch", "--quiet", "--no-write-fetch-head", remote)
            asking.git(top, *words, timeout=asking.TRANSFER_SECONDS, variables=_lent(top, remote))
        if _has(top, found.base):
            return found.base, ""
        raise ToolkitError(
            f"{found.session} has committed nothing, and where it began ({found.base[:12]}) is not known here",
            hint=f"toolkit logs {found.session} shows what it said",
        )
    if remote and found.has_remote:
        return _fetch_from_remote(found, top, remote)
    return _fetch_from_gateway(engine, found, top), ""


def _fetch_from_remote(found: SessionRepository, top: Path, remote: str) -> tuple[str, str]:
    tracking = f"refs/remotes/{remote}/{found.branch}"
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", remote)
    lent = _lent(top, remote)
    refspec = f"+{_HEADS}{found.branch}:{tracking}"
    done = asking.git(top, *words, refspec, check=False, timeout=asking.TRANSFER_SECONDS, variables=lent)
    if done.returncode:
        raise ToolkitError(
            f"{found.branch} cannot be fetched from {remote}: {asking.reason(done)}",
            hint=f"git fetch {remote} must work here by itself",
        )
    target = asking.git(top, "rev-parse", f"{tracking}^{{commit}}").stdout.strip()
    behind = asking.git(top, "merge-base", "--is-ancestor", found.pushed, target, check=False).returncode
    if behind:
        raise ToolkitError(
            f"{found.branch} at {remote} is {target[:12]}, without {found.pushed[:12]}, which the session pushed",
            hint=f"somebody has rewritten it; see: git log {remote}/{found.branch}",
        )
    return target, f"{remote}/{found.branch}"


def _lent(top: Path, remote: str) -> dict[str, str]:
    url = asking.git(top, "remote", "get-url", "--", remote).stdout.rstrip("\n")
    return credentials.variables(url, top=top)


def _fetch_from_gateway(engine: Engine, found: SessionRepository, top: Path) -> str:
    """Where there is no remote the session's pushes lie in its gateway, whose objects are read as files."""
    if found.gateway is None:
        raise ToolkitError(f"{found.session} has no git gateway any more", hint="somebody removed its container")
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        copy = Path(scratch) / "copy.git"
        asking.git(None, "init", "--quiet", "--bare", "--template=", str(copy))
        inner_repository.copy_objects(engine, found.gateway.id, f"{FOLDER}/repository.git", copy)
        objects = asking.git(top, "rev-parse", "--git-path", "objects").stdout.rstrip("\n")
        (copy / "objects" / "info").mkdir(parents=True, exist_ok=True)
        (copy / "objects" / "info" / "alternates").write_text(f"{(top / objects).resolve()}\n")
        asking.git(copy, "update-ref", f"{_HEADS}{found.branch}", found.pushed)
        temporary = f"{_FETCHED}{found.session}"
        words = ("-c", "transfer.fsckObjects=true", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
        done = asking.git(
            top, *words, str(copy), f"+{_HEADS}{found.branch}:{temporary}",
            check=False, timeout=asking.TRANSFER_SECONDS,
        )  # fmt: skip
        if done.returncode:
            raise ToolkitError(f"{found.branch} cannot be read from the gateway: {asking.reason(done)}")
        asking.git(top, "update-ref", "-d", temporary)
    return found.pushed


def _transcript(engine: Engine, container: str) -> list[object]:
    return list(transcript.events(engine, container, follow=False))


def _write_transcript(top: Path, session: str, events: Sequence[object]) -> Path:
    folder = top / ".toolkit" / "sessions"
    target = folder / session / "transcript.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text(_HIDDEN, encoding="ascii")
    staged = target.with_suffix(".new")
    with staged.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in events)
    staged.replace(target)
    return target


def _has(top: Path, commit: str) -> bool:
    return bool(commit) and asking.git(top, "cat-file", "-e", f"{commit}^{{commit}}", check=False).returncode == 0


def _count(top: Path, base: str, target: str) -> int:
    done = asking.git(top, "rev-list", "--count", target, f"^{base}", check=False)
    return int(done.stdout) if done.returncode == 0 else 0


def _say(on_event: OnEvent, text: str, phase: Phase = Phase.DONE) -> None:
    on_event(Event(step="teleport", phase=phase, text=text))
