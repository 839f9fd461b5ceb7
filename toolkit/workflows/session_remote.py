"""The real remote of a session that exists, as its user opens it from here: a session itself holds no credential."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError
from toolkit.git import addresses, asking, credentials
from toolkit.git.gateway import FOLDER, access_files, owner_of, packed
from toolkit.git.repository import top_of
from toolkit.model import labels

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineContainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """`remote`: the address that git takes, which may hold a credential. `top`: a checkout that has this remote."""

    remote: str = field(repr=False)
    top: Path | None = None


def opened(address: str, *, where: str = ".") -> Opened:
    """`address`, as people see it, by the configuration of the checkout around `where` if that is one of it."""
    wanted = addresses.parse(address).identity
    try:
        top = top_of(where)
    except ToolkitError:
        return Opened(remote=address)
    for name in asking.git(top, "remote", check=False).stdout.split():
        for url in asking.git(top, "remote", "get-url", "--", name, check=False).stdout.split("\n"):
            if url and addresses.parse(addresses.shown(url), base=top).identity == wanted:
                return Opened(remote=url, top=top)
    return Opened(remote=address)


def renew(engine: Engine, session: str, *, where: str = ".") -> None:
    """Give the git gateway what opens the remote now; where that is nothing, what it has stays.

    Raises:
        ToolkitError: a token file cannot be read.
    """
    gateway = _gateway(engine, session)
    address = gateway.labels.get(labels.REPOSITORY, "") if gateway else ""
    if gateway is None or not address or addresses.parse(address).scheme == "path":
        return
    found = opened(address, where=where)
    access = credentials.resolve(found.remote, top=found.top, local_engine=engine.local())
    if access.trouble or not (access.login or access.headers or access.ssh):
        return
    engine.put_archive_stream(gateway.id, FOLDER, packed(access_files(access), bundle=None, owner=owner_of(access)))


def _gateway(engine: Engine, session: str) -> EngineContainer | None:
    found = engine.containers(labels={labels.SESSION: session, labels.KIND: labels.GIT_GATEWAY_KIND})
    return found[0] if found else None
