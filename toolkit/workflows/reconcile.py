"""`toolkit reconcile`: fetch, validate, bring the images up, prune, report; a bad commit is never checked out."""

from __future__ import annotations

import datetime as dt
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.diagnostics import Severity
from toolkit.errors import ToolkitError
from toolkit.git.past import past
from toolkit.git.upstream import Following, following
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.reconciliation import Reconciliation, RoundState
from toolkit.provision import pulumi_variables
from toolkit.workflows import image_cleaning, provisioning
from toolkit.workflows.validation import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`branch` empty: the one that the root's checkout is on. `bootstrap` as for `up`."""

    root: Path
    stack: str = pulumi_variables.DEFAULT_STACK
    remote: str = "origin"
    branch: str = ""
    bootstrap: bool = False


@dataclass(slots=True)
class _Round:
    """What is known of a round so far."""

    follow: Following
    started: str
    commit: str = ""
    problems: tuple[Diagnostic, ...] = field(default=())

    def ended(self, state: RoundState, message: str) -> Reconciliation:
        return Reconciliation(
            state=state,
            branch=self.follow.branch,
            commit=self.commit,
            applied=self.follow.head(),
            message=message,
            started=self.started,
            finished=_now(),
            problems=self.problems,
        )


def once(request: Request, on_event: OnEvent) -> Reconciliation:
    """One round. What can be said of the commit is in the answer.

    Raises:
        ToolkitError: the checkout cannot follow: no branch, no remote, local changes, or another reconciler is at it.
    """
    follow = following(request.root, remote=request.remote, branch=request.branch)
    with _alone(request.root):
        changed = follow.local_changes()
        if changed:
            raise ToolkitError(
                f"{request.root} has local changes: {', '.join(changed[:5])}",
                hint="give the reconciler a clone of its own; git stash sets the changes aside",
                code="local-changes",
            )
        return _round(request, _Round(follow=follow, started=_now()), on_event)


def _round(request: Request, this: _Round, on_event: OnEvent) -> Reconciliation:
    follow = this.follow
    before = follow.head()
    try:
        this.commit = follow.fetch()
    except ToolkitError as error:
        return this.ended(RoundState.FAILED, error.message)
    on_event(Event(step="fetch", phase=Phase.DONE, text=f"fetched {follow.branch} at {this.commit[:12]}"))
    if not follow.leads_to(this.commit):
        text = f"{follow.branch} was rewritten: {this.commit[:12]} does not come after {before[:12]}"
        return this.ended(RoundState.REFUSED, text)
    if this.commit != before:
        this.problems = _problems(request.root, this.commit)
        if this.problems:
            return this.ended(RoundState.REFUSED, f"{this.commit[:12]} has {len(this.problems)} problem(s)")
        follow.forward(this.commit)
    try:
        outcome = provisioning.up(
            provisioning.Request(root=request.root, stack=request.stack, bootstrap=request.bootstrap), on_event
        )
        pruned = image_cleaning.prune(image_cleaning.Request(root=request.root, stack=request.stack), on_event)
    except ToolkitError as error:
        if this.commit != before:
            follow.back(before)  # what is in force stays what the declarations here say
        return this.ended(RoundState.FAILED, error.message)
    moved = this.commit != before or bool(outcome.changing)
    state = RoundState.APPLIED if moved else RoundState.UNCHANGED
    text = f"{this.commit[:12]} is in force" if moved else "nothing to do"
    return replace(this.ended(state, text), changes=tuple(outcome.changing), pruned=len(pruned))


def _problems(root: Path, commit: str) -> tuple[Diagnostic, ...]:
    """The errors of the commit's declarations, found without checking it out."""
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        found = past(root, commit, Path(scratch))
        found.lay_out(["."])
        if not (found.root / paths.ENVIRONMENTS).is_dir():
            return ()
        return tuple(one for one in validate(found.root).problems if one.severity is Severity.ERROR)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One reconciler at a time for a root; a second is told."""
    from filelock import FileLock, Timeout

    place = paths.project_state(root) / "reconcile.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ToolkitError(
            f"another reconciler is at work on {root}", hint="one is enough; wait for it, or stop it", code="locked"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def rounds(request: Request, on_event: OnEvent) -> Iterator[Reconciliation]:
    """One after the other, for as long as somebody asks for the next."""
    while True:
        yield once(request, on_event)
