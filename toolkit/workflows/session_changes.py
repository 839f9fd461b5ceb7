"""`toolkit diff` and `toolkit pr`: what a session changed, and its way into the repository."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import EngineError, ToolkitError
from toolkit.git import addresses, asking, pull_request
from toolkit.model import labels
from toolkit.model.session_changes import ChangedFile, PullRequest, SessionChanges
from toolkit.sessions import inner_repository, records
from toolkit.workflows import session_repository

if TYPE_CHECKING:
    from toolkit.engines.base import Engine
    from toolkit.workflows.session_repository import SessionRepository

_SECONDS = 300.0
_LONGEST_TITLE = 72
# The index of the session stays as it is; new files count all the same.
_INSIDE = (
    'cd "$1" && base=$2 && shift 2 && GIT_INDEX_FILE=$(mktemp) && export GIT_INDEX_FILE && '
    'trap \'rm -f "$GIT_INDEX_FILE"\' EXIT && cp .git/index "$GIT_INDEX_FILE" && git add --all && '
    'git diff --cached --no-color --no-ext-diff "$@" "$base"'
)


def changes(engine: Engine, prefix: str, *, where: str = ".") -> SessionChanges:
    """A running session is asked, uncommitted work included; of one that has ended the commits are read.

    Raises:
        ToolkitError: it has ended, and the commit where it began is not known in the checkout `where`.
    """
    found = session_repository.look(engine, records.container_of(engine, prefix))
    if found.is_running:
        patch, numbers = _inside(engine, found), _inside(engine, found, "--numstat")
    else:
        patch, numbers = _outside(engine, found, where)
    return SessionChanges(
        session=found.session,
        base=found.base,
        commit=found.commit,
        patch=patch,
        files=tuple(_file(line) for line in numbers.splitlines()),
        is_complete=found.is_running or found.uncommitted == 0,
    )


def pull_request_of(engine: Engine, prefix: str) -> PullRequest:
    """The pull request for the session's branch.

    Raises:
        ToolkitError: there is no remote that could take one, or the branch is not there.
    """
    found = session_repository.look(engine, records.container_of(engine, prefix))
    address = addresses.parse(found.address)
    if not found.has_remote or address.scheme == "path":
        raise ToolkitError(
            f"{found.session} belongs to {found.address}, which takes no pull requests",
            hint=f"toolkit teleport {found.session} brings its branch here",
        )
    if not found.pushed:
        raise ToolkitError(
            f"{found.branch} is not at {found.address} yet",
            hint=f"toolkit exec {found.session} -- git push origin {found.branch}",
        )
    own = found.container.labels
    task = own.get(labels.TASK, "").strip()
    title = (task.splitlines() or [found.branch])[0][:_LONGEST_TITLE]
    body = f"{task}\n\nToolkit-Session: {found.session}\n"
    base = own.get(labels.BASE_BRANCH, "")
    return PullRequest(
        session=found.session,
        host=address.host,
        repository=address.owner_and_name,
        branch=found.branch,
        base=base,
        title=title,
        body=body,
        url=pull_request.page(address, base=base, branch=found.branch, title=title, body=body),
    )


def open_pull_request(wanted: PullRequest) -> str:
    """By `gh`, as its user; returns the address that it prints.

    Raises:
        ToolkitError: gh is not installed, or refuses.
    """
    if process.which("gh") is None:
        raise ToolkitError("gh is not installed here", hint=f"open it by hand: {wanted.url}")
    base = ("--base", wanted.base) if wanted.base else ()
    words = ("pr", "create", "--repo", f"{wanted.host}/{wanted.repository}", "--head", wanted.branch, *base)
    done = process.run(("gh", *words, "--title", wanted.title, "--body", wanted.body), timeout=_SECONDS, check=False)
    if done.returncode:
        raise ToolkitError(f"gh did not open it: {done.stderr.strip()}", hint=f"open it by hand: {wanted.url}")
    return done.stdout.strip()


def _inside(engine: Engine, found: SessionRepository, *words: str) -> str:
    command = ("sh", "-c", _INSIDE, "sh", found.project_dir, found.base, *words)
    done = engine.execute(found.container.id, command, environment={}, timeout=_SECONDS)
    if done.exit_code:
        raise EngineError(f"git diff failed in {found.session}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def _outside(engine: Engine, found: SessionRepository, where: str) -> tuple[str, str]:
    """The session's own objects, on top of those of the checkout that it came from."""
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        copy = Path(scratch)
        asking.git(None, "init", "--quiet", "--bare", "--template=", str(copy))
        inner_repository.copy_objects(engine, found.container.id, f"{found.project_dir}/.git", copy)
        objects = asking.git(Path(where), "rev-parse", "--git-path", "objects", check=False)
        if objects.returncode == 0:
            alternates = copy / "objects" / "info" / "alternates"
            alternates.parent.mkdir(parents=True, exist_ok=True)
            alternates.write_text(f"{(Path(where) / objects.stdout.rstrip()).resolve()}\n")
        words = ("diff", "--no-color", "--no-ext-diff")
        patch = asking.git(copy, *words, found.base, found.commit, check=False)
        if patch.returncode:
            raise ToolkitError(
                f"{found.session} does not run, and where it began ({found.base[:12]}) is not known here",
                hint=f"run this in its checkout, or: toolkit resume {found.session}",
            )
        return patch.stdout, asking.git(copy, *words, "--numstat", found.base, found.commit).stdout


def _file(line: str) -> ChangedFile:
    added, removed, path = line.split("\t", 2)
    return ChangedFile(
        path=path,
        added=None if added == "-" else int(added),
        removed=None if removed == "-" else int(removed),
    )
