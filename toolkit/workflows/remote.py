"""`toolkit remote`: from a task text to a running session, as one straight pipeline; the runner does the rest."""

from __future__ import annotations

import datetime as dt
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit import settings
from toolkit.errors import EngineError, NotFoundError, ToolkitError, UsageError
from toolkit.git.repository import look
from toolkit.model.environment import SHOWN_DIGITS, AgentSpec
from toolkit.model.event import Event, Phase
from toolkit.sessions import launcher, leftovers, records
from toolkit.sessions.image import existing
from toolkit.sessions.launch import launch
from toolkit.sessions.names import new_id
from toolkit.sessions.plan import SessionRequest, check_task
from toolkit.workflows import account, builds, carrying, declarations, gateways, preparation, selection
from toolkit.workflows.pulling import session_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.git.gateway import GitGateway
    from toolkit.git.repository import Repository
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.event import OnEvent
    from toolkit.model.session import Session
    from toolkit.sessions.gateway_plan import GatewayPlan

_PRESETS = ("shell", "claude", "codex")
_NAME_TAKEN = ("already in use", "already exists")  # what engines say of a container, of a network
_ID_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteOrder:
    """The options of `toolkit remote`; empty means: choose as documented. `context`: what the agent is told beside."""

    task: str
    environment: str = ""
    repository: str = "."
    branch: str = ""
    agent: str = ""
    provision: bool = False
    context: str = ""


def start(root: Path, engine: Engine, order: RemoteOrder, on_event: OnEvent) -> Session:
    """Validate, find the image, carry the repository up, start the session's container."""
    check_task(order.task)
    spec = _chosen(root, order.environment, on_event)
    agent = _agent(spec, order.agent)
    repository = look(order.repository, branch=order.branch)
    build = builds.build_of(root, spec)
    image = _image(root, engine, spec, build, order, on_event)
    gateway = gateways.plan(root, engine, spec)
    image = preparation.starting_image(root, engine, spec, image, on_event)
    on_event(Event(step="image", phase=Phase.DONE, text=f"image: build {build[:SHOWN_DIGITS]} of {spec.name}"))
    for attempt in range(_ID_ATTEMPTS):
        request = SessionRequest(
            id=new_id(),
            environment=spec,
            image=image,
            build=build,
            task=order.task,
            agent=agent,
            repository_name=repository.name,
            repository=repository.label,
            created=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            launcher=launcher.mark(),
            account=account.of(root),
            context=order.context,
        )
        try:
            container = _launch(request, gateway, repository, engine, settings.load(root).site.subnets, on_event)
        except EngineError as error:
            if any(said in error.message for said in _NAME_TAKEN) and attempt + 1 < _ID_ATTEMPTS:
                continue
            raise
        return records.by_container(engine, container)
    raise EngineError("no free session id was found", hint="try again")


def _launch(
    request: SessionRequest,
    gateway: GatewayPlan,
    repository: Repository,
    engine: Engine,
    pools: tuple[str, ...],
    on_event: OnEvent,
) -> str:
    with _launch_folder() as folder:

        def gated() -> GitGateway:
            return carrying.gated(request, repository, gateway, engine, into=folder / request.id, on_event=on_event)

        return launch(request, gateway, engine, carry=gated, pools=pools, on_event=on_event)


@contextmanager
def _launch_folder() -> Iterator[Path]:
    """A folder that `doctor` recognises as a dead client's when we do not get to remove it."""
    folder = leftovers.launch_folder(launcher.mark())
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _chosen(root: Path, explicit: str, on_event: OnEvent) -> EnvironmentSpec:
    """The environment by `--env`, the settings' layers, and the documented fallbacks."""
    known = declarations.all_environments(root)
    selected = selection.selected(root, known, explicit=explicit or None)
    for warning in selected.warnings:
        on_event(Event(step="environment", phase=Phase.WARNING, text=warning))
    spec = next((one for one in known if one.name == selected.name), None)
    if spec is None:
        raise NotFoundError(
            f"{root} declares no environment that can be used",
            hint="toolkit env new NAME declares one, toolkit env unarchive NAME brings one back",
        )
    on_event(Event(step="environment", phase=Phase.DONE, text=f"environment: {spec.name}"))
    return spec


def _agent(spec: EnvironmentSpec, preset: str) -> AgentSpec:
    if not preset:
        return spec.agent
    if preset not in _PRESETS:
        raise UsageError(f"'{preset}' is no agent preset", hint=f"--agent takes {', '.join(_PRESETS)}")
    return AgentSpec(preset=preset)


def _image(root: Path, engine: Engine, spec: EnvironmentSpec, build: str, order: RemoteOrder, on_event: OnEvent) -> str:
    """The image of this build; with `--provision` it is built first where engine and registry lack it."""
    try:
        return session_image(root, spec.name, build, engine, on_event)
    except ToolkitError as error:
        if error.code != "no-image" or not order.provision:
            raise
    from toolkit.workflows import provisioning

    provisioning.up(provisioning.Request(root=root, environments=(spec.name,)), on_event)
    return existing(engine, environment=spec.name, build=build)
