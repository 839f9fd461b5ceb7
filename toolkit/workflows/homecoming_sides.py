"""What teleport compares: the checkout here and the session there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import EngineError
from toolkit.git import addresses, asking, homecoming, homecoming_checks
from toolkit.model import labels
from toolkit.workflows import account

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.git.addresses import Address
    from toolkit.git.homecoming_checks import Here, There
    from toolkit.workflows.session_repository import SessionRepository

_SECONDS = 60.0
_SSH_SECONDS = 10.0


def here(top: Path, root: Path | None) -> Here:
    """The checkout as it is."""
    names = asking.git(top, "remote").stdout.split()
    remotes = {}
    for name in names:
        urls = asking.git(top, "remote", "get-url", "--all", "--", name, check=False).stdout.splitlines()
        urls += asking.git(top, "remote", "get-url", "--push", "--all", "--", name, check=False).stdout.splitlines()
        remotes[name] = [form for url in dict.fromkeys(urls) for form in _forms(url, top)]
    listed = asking.git(top, "worktree", "list", "--porcelain").stdout
    folders = [line.removeprefix("worktree ") for line in listed.splitlines() if line.startswith("worktree ")]
    return homecoming_checks.Here(
        top=str(top),
        changed=homecoming.changes(top),
        remotes=remotes,
        folders=[str(top), *folders],
        account=account.of(root),
    )


def there(engine: Engine, found: SessionRepository) -> There:
    """The session as it stands."""
    address = _forms(found.address, None)[-1] if _is_remote(found) else None
    return homecoming_checks.There(
        session=found.session,
        repository=found.address,
        address=address,
        account=found.container.labels.get(labels.ACCOUNT, ""),
        branch=found.branch,
        base=found.base,
        commit=found.commit,
        pushed=found.pushed,
        unpushed=_unpushed(engine, found),
        uncommitted=found.uncommitted,
        is_running=found.is_running,
    )


def _is_remote(found: SessionRepository) -> bool:
    """A remote that the gateway could not be opened is one all the same: it names the repository."""
    return found.has_remote or addresses.is_address(found.address)


def _forms(url: str, top: Path | None) -> list[Address]:
    """The address, and for ssh the host that an alias of the user's configuration stands for."""
    address = addresses.parse(url, base=top)
    shown = addresses.parse(addresses.shown(url), base=top)
    if address.scheme != "ssh" or process.which("ssh") is None:
        return [shown]
    told = process.run(("ssh", "-G", "--", address.host), timeout=_SSH_SECONDS, check=False).stdout
    match = re.search(r"^hostname (\S+)$", told, re.MULTILINE)
    if match is None or match[1] == address.host:
        return [shown]
    return [shown, addresses.Address(scheme="ssh", text=url, host=match[1], port=address.port, path=address.path)]


def _unpushed(engine: Engine, found: SessionRepository) -> tuple[str, ...]:
    """One line a commit that is in the running session alone."""
    if not found.is_running or found.commit in {found.pushed, found.base}:
        return ()
    words = ("log", "--oneline", "--max-count=20", f"{found.pushed or found.base}..{found.commit}")
    try:
        done = engine.execute(
            found.container.id, ("git", "-C", found.project_dir, *words), environment={}, timeout=_SECONDS
        )
    except EngineError:
        return ()
    return tuple(done.stdout.decode(errors="replace").splitlines()) if done.exit_code == 0 else ()
