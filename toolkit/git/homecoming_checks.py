"""May this session come home to this checkout? All answers together, before anything is touched; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.git.addresses import Address

_SHOWN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The checkout: uncommitted `changed` files (untracked ones too), its remotes with every form that an address of
    theirs has (an ssh alias and the host that it stands for), and the folders that are this repository: `folders` holds
    its worktrees.
    """

    top: str
    changed: Sequence[str]
    remotes: Mapping[str, Sequence[Address]]
    folders: Sequence[str]
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The session: `repository` as its label has it, `address` the same as an address (None: there is no remote).

    `commit`: the tip of its branch, `pushed`: the tip at the remote, `base`: where it began. `unpushed`: one line a
    commit, as far as they can be told. `uncommitted`: changed files, None where that is not known.
    """

    session: str
    repository: str
    address: Address | None
    account: str
    branch: str
    base: str
    commit: str
    pushed: str
    unpushed: Sequence[str] = ()
    uncommitted: int | None = None
    is_running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """`rule` is clean, repository, branch, uncommitted or account. `offer`: what the caller may do about it."""

    rule: str
    message: str
    hint: str = ""
    offer: str = ""


def obstacles(here: Here, there: There, *, stash: bool, same_repository: bool) -> tuple[Obstacle, ...]:
    """What stands in the way. `stash`: uncommitted work here will be put aside. `same_repository`: a person said so."""
    found = [*_clean(here, stash=stash), *_repository(here, there, trusted=same_repository), *_branch(there)]
    if here.account != there.account and there.account:
        found.append(
            Obstacle(
                rule="account",
                message=f"{there.session} was started by {there.account}, and you are {here.account}",
                hint="remote.account in the user's settings says who you are",
            )
        )
    return tuple(found)


def remote_for(here: Here, there: There, *, trusted: bool = False) -> str:
    """The remote of this checkout that is the session's repository; empty: none is."""
    if there.address is None:
        return ""
    for name, forms in here.remotes.items():
        if any(one.identity == there.address.identity for one in forms):
            return name
    return (_namesakes(here, there)[:1] or [""])[0] if trusted else ""


def _clean(here: Here, *, stash: bool) -> Iterator[Obstacle]:
    if here.changed and not stash:
        yield Obstacle(
            rule="clean",
            message=f"the working tree has uncommitted changes: {_listed(here.changed)}",
            hint="--stash puts them aside and brings them back afterwards",
            offer="stash",
        )


def _repository(here: Here, there: There, *, trusted: bool) -> Iterator[Obstacle]:
    if there.address is None:
        if there.repository not in here.folders:
            yield Obstacle(
                rule="repository",
                message=f"{there.session} belongs to {there.repository}, which has no remote; "
                f"this checkout is {here.top}",
                hint=f"cd {there.repository}",
            )
        return
    if remote_for(here, there, trusted=trusted):
        return
    mine = (
        ", ".join(sorted({one.text for forms in here.remotes.values() for one in forms[:1]}))
        or f"{here.top}, without one"
    )
    wanted = there.address.owner_and_name
    if _namesakes(here, there):
        yield Obstacle(
            rule="repository",
            message=f"{there.session} belongs to {there.repository}; this checkout's remote is {mine}: "
            f"both are called {wanted}, on hosts of different names",
            hint=f"if they are one repository: git remote add session {there.repository}",
            offer="same-repository",
        )
        return
    forks = [one for forms in here.remotes.values() for one in forms if one.name == there.address.name]
    kind = f", {forks[0].owner_and_name}: a fork of it or another of that name" if forks else ""
    yield Obstacle(
        rule="repository",
        message=f"{there.session} belongs to {there.repository} ({wanted}); this checkout's remote is {mine}{kind}",
        hint="run this in a checkout of the session's repository, or add that one as a remote",
    )


def _branch(there: There) -> Iterator[Obstacle]:
    if there.uncommitted:
        yield Obstacle(
            rule="uncommitted",
            message=f"{there.session} has {there.uncommitted} uncommitted file{'' if there.uncommitted == 1 else 's'}",
            hint="--commit commits and pushes them first, in the session",
            offer="commit" if there.is_running else "",
        )
    if there.commit in {there.pushed, there.base}:
        return
    what = f": {'; '.join(there.unpushed[:_SHOWN])}" if there.unpushed else ""
    way = f"toolkit exec {there.session} -- git push origin {there.branch}"
    yield Obstacle(
        rule="branch",
        message=f"{there.branch} is not pushed: the session is at {there.commit[:12]}, the remote "
        + (f"at {there.pushed[:12]}" if there.pushed else "does not have it")
        + what,
        hint=way if there.is_running else f"toolkit resume {there.session} pushes it",
    )


def _namesakes(here: Here, there: There) -> list[str]:
    """Remotes with the same owner and name on another host."""
    if there.address is None:
        return []
    wanted = there.address.owner_and_name
    return [name for name, forms in here.remotes.items() if any(one.owner_and_name == wanted for one in forms)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
