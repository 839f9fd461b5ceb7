"""The repository on its way up: what the remote has, what must be carried, and how the remote is opened."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from toolkit.git import bundle, credentials, remote_refs
from toolkit.git.author import author
from toolkit.git.gateway import GitGateway
from toolkit.git.remote_refs import RemoteRefs
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.event import Event, Phase

if TYPE_CHECKING:
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.git.repository import Repository
    from toolkit.model.event import OnEvent
    from toolkit.sessions.gateway_plan import GatewayPlan
    from toolkit.sessions.plan import SessionRequest

_TOKEN_BYTES = 24


def gated(
    request: SessionRequest,
    repository: Repository,
    gateway: GatewayPlan,
    engine: Engine,
    *,
    into: Path,
    on_event: OnEvent,
) -> GitGateway:
    """The plan of the session's git gateway; what must be carried up lies in `into` then.

    Raises:
        ToolkitError: the repository cannot be had, or is too large to be carried.
    """
    into.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        resolving = pool.submit(credentials.resolve, repository.remote, top=repository.top, local_engine=engine.local())
        known = RemoteRefs()
        if repository.remote:
            known = remote_refs.ask(repository.remote, folder=repository.top, shown=repository.address)
        access = resolving.result()
        if repository.top is not None and not access.address:
            known = RemoteRefs(failure=access.trouble)  # what the gateway can't fetch must be carried
        carried = bundle.carry(repository, known, into=into)
    text = f"repository: {repository.name} at {carried.commit[:SHOWN_DIGITS]}, branch {request.branch}"
    on_event(Event(step="repository", phase=Phase.DONE, text=text))
    for one in carried.said:
        on_event(Event(step="repository", phase=Phase.NOTE, text=one))
    made_by = author(name=repository.author, email=repository.email, account=request.account)
    for one in (*carried.left, access.trouble, made_by.remark):
        if one:
            on_event(Event(step="repository", phase=Phase.WARNING, text=one))
    return GitGateway(
        session=request.id,
        launcher=request.launcher,
        image=gateway.image,
        name=repository.name,
        branch=request.branch,
        push=request.environment.push,
        access=access,
        carried=carried,
        token=secrets.token_urlsafe(_TOKEN_BYTES),
        author=made_by.name,
        email=made_by.email,
        dns=gateway.dns,
        shares=not known.failure,
    )
