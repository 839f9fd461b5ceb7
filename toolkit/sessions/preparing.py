"""A setup script in a container of its own, under the environment's policy; its filesystem becomes the snapshot."""

from __future__ import annotations

import datetime as dt
import io
import json
import secrets
import tarfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from toolkit.engines.base import ContainerRequest
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.model.event import Event, Phase
from toolkit.sessions import disk_limit, ends, following, launcher, snapshot
from toolkit.sessions.addresses import SessionAddresses
from toolkit.sessions.gateway_start import GatewayStart, start_gateway
from toolkit.sessions.outer_network import Outer, outer_network
from toolkit.sessions.own_network import own_network
from toolkit.sessions.plan import CAPABILITIES, LOG_BYTES, LOG_FILES, RUNNER, network_order, network_variables
from toolkit.sessions.unbroken import unbroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.event import OnEvent
    from toolkit.sessions.gateway_plan import GatewayPlan
    from toolkit.sessions.transcript import TranscriptEvent

_FOLDER = "/var/lib/toolkit/setup"
_SPARE_SECONDS = 120.0
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRequest:
    """`image` an image id, `key` the snapshot's, 64 hex digits; `name` one attempt's: its parts carry it as label."""

    environment: EnvironmentSpec
    image: str
    key: str
    name: str

    @property
    def lock(self) -> str:
        """The container's name, which the engine gives to one container at a time: whoever has it prepares."""
        return f"toolkit-prepare-{self.key[:SHOWN_DIGITS]}"


def new_request(*, environment: EnvironmentSpec, image: str, key: str) -> SetupRequest:
    name = f"prepare-{key[:SHOWN_DIGITS]}-{secrets.token_hex(2)}"
    return SetupRequest(environment=environment, image=image, key=key, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOutcome:
    """How a setup script ended: `line` is the script's that failed (0: not known), `output` all that it printed."""

    exit_code: int
    line: int
    reason: str
    output: str


class SetupError(ToolkitError):
    """The script failed; `outcome` has its output."""

    code = "setup"

    def __init__(self, message: str, outcome: SetupOutcome, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.outcome = outcome


def wait_for_others(engine: Engine, key: str, *, timeout: float) -> None:
    """Until nobody prepares the same; what a dead client left of it is removed.

    The engine gives a container's name to one alone: that is the lock, so that it holds across machines.
    """
    deadline = time.monotonic() + timeout
    while found := engine.containers(labels={labels.KIND: labels.PREPARE_KIND, labels.SNAPSHOT: key}):
        for one in found:
            if launcher.is_gone(one.labels.get(labels.LAUNCHER, "")):
                ends.discard(engine, one.labels[labels.SESSION])
        if time.monotonic() > deadline:
            raise EngineError(
                f"somebody else has been preparing the same for {timeout:g} s",
                hint="toolkit doctor --fix removes what a dead client left",
            )
        time.sleep(_POLL_SECONDS)


def make_snapshot(
    request: SetupRequest,
    gateway: GatewayPlan,
    engine: Engine,
    *,
    pools: Sequence[str],
    refused: Callable[[], Iterator[TranscriptEvent]],
    on_event: OnEvent,
) -> str:
    """Run the script and keep what it left; returns the image's id. Nothing else of it stays.

    Raises:
        SetupError: the script failed; its message names the line and the hosts that were `refused` meanwhile.
        EngineError: the engine refused, or the network is not what it must be.
    """
    with ExitStack() as undo:
        undo.callback(ends.discard, engine, request.name)
        container = unbroken(partial(_start, request, gateway, engine, pools=pools, on_event=on_event), threads=2)
        outcome = _follow(request, engine, container, on_event)
        if outcome.exit_code:
            raise _failure(request, outcome, [str(one["host"]) for one in refused()])
        on_event(Event(step="setup", phase=Phase.PROGRESS, text="setup: keeping what it left"))
        engine.wait_container(container, timeout=_SPARE_SECONDS)
        return unbroken(lambda _pool: _keep(request, engine, container), threads=1)


def _keep(request: SetupRequest, engine: Engine, container: str) -> str:
    return engine.commit(
        container,
        reference=snapshot.reference(request.environment.name, request.key),
        labels={
            labels.KIND: labels.SNAPSHOT_KIND,
            labels.SNAPSHOT: request.key,
            labels.ENVIRONMENT: request.environment.name,
            labels.CREATED: dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            labels.SESSION: "",
            labels.LAUNCHER: "",
        },
    )


def _start(
    request: SetupRequest,
    gateway: GatewayPlan,
    engine: Engine,
    pool: ThreadPoolExecutor,
    *,
    pools: Sequence[str],
    on_event: OnEvent,
) -> str:
    mark = launcher.mark()
    outer = Outer(partial(outer_network, engine, site_network=gateway.site_network, pools=pools))
    network, subnet = own_network(engine, session=request.name, launcher=mark, pools=pools)
    addresses = SessionAddresses.of(subnet)
    container = disk_limit.create(engine, _container(request, mark, network, addresses), on_event)
    at = GatewayStart(session=request.name, launcher=mark, network=network, addresses=addresses, outer=outer)
    gate = pool.submit(start_gateway, gateway, engine, at)
    engine.put_archive(container, "/", _packed(request, addresses))
    gate.result()
    engine.start_container(container)
    return container


def _container(request: SetupRequest, mark: str, network: str, addresses: SessionAddresses) -> ContainerRequest:
    """It gets no variables of its own from us: those would stay in the snapshot's configuration."""
    limits = request.environment.resources
    return ContainerRequest(
        name=request.lock,
        image=request.image,
        entrypoint=("python3", "-I", RUNNER),
        command=("prepare", _FOLDER),
        labels={
            labels.KIND: labels.PREPARE_KIND,
            labels.SESSION: request.name,
            labels.ENVIRONMENT: request.environment.name,
            labels.SNAPSHOT: request.key,
            labels.LAUNCHER: mark,
        },
        user="0:0",
        network=network,
        address=addresses.session,
        dns=("127.0.0.1",),
        cap_add=CAPABILITIES,
        pids=limits.pids,
        disk=limits.disk,
        memory=limits.memory,
        cpus=limits.cpus,
        log_bytes=LOG_BYTES,
        log_files=LOG_FILES,
    )


def _packed(request: SetupRequest, addresses: SessionAddresses) -> bytes:
    setup = request.environment.setup
    body = {
        "script": setup.script,
        "timeout": setup.timeout,
        "variables": {
            **dict(request.environment.variables),
            **network_variables(addresses),
            "HOME": "/root",
            "TOOLKIT_REMOTE": "true",
            "CLAUDE_CODE_REMOTE": "true",
        },
        **network_order(addresses),
    }
    content = json.dumps(body).encode()
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folder = tarfile.TarInfo(_FOLDER.lstrip("/"))
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(folder)
        entry = tarfile.TarInfo(f"{_FOLDER.lstrip('/')}/setup.json")
        entry.size, entry.mode = len(content), 0o600
        tar.addfile(entry, io.BytesIO(content))
    return whole.getvalue()


def _follow(request: SetupRequest, engine: Engine, container: str, on_event: OnEvent) -> SetupOutcome:
    limit = request.environment.setup.timeout + _SPARE_SECONDS
    printed: list[str] = []
    try:
        for event in following.until(engine, container, lambda one: one["type"] == "setup-finished", timeout=limit):
            if event["type"] == "output":
                printed.append(str(event["text"]))
                for line in str(event["text"]).splitlines():
                    on_event(Event(step="setup", phase=Phase.PROGRESS, text=f"setup: {line}"))
            if event["type"] == "setup-finished":
                return SetupOutcome(
                    exit_code=int(event["exit_code"]),
                    line=int(event["line"]),
                    reason=str(event["reason"]),
                    output="".join(printed),
                )
    except TimeoutError:
        engine.kill_container(container)
        return SetupOutcome(exit_code=124, line=0, reason=f"no end within {limit:g} s", output="".join(printed))
    about = engine.container(container)
    reason = "out of memory" if about is not None and about.out_of_memory else "it ended without a word"
    return SetupOutcome(exit_code=137, line=0, reason=reason, output="".join(printed))


def _failure(request: SetupRequest, outcome: SetupOutcome, refused: Sequence[str]) -> SetupError:
    spec = request.environment
    lines = spec.setup.script.splitlines()
    where = ""
    if 0 < outcome.line <= len(lines):
        where = f" in line {outcome.line}: {lines[outcome.line - 1].strip()}"
    why = f" ({outcome.reason})" if outcome.reason else ""
    parts = [f"{spec.path}: the setup script of '{spec.name}' ended with exit code {outcome.exit_code}{where}{why}"]
    parts += [f"  {line}" for line in outcome.output.splitlines()]
    hint = f"mend setup.script in {spec.path}; a command that may fail ends in '|| true'"
    if refused:
        hosts = ", ".join(dict.fromkeys(refused))
        parts.append(f"the network policy refused meanwhile: {hosts}")
        hint = f"access is {spec.network.access.value}: 'toolkit network check {spec.name} {refused[0]}' says why"
    return SetupError("\n".join(parts), outcome, hint=hint)
