"""`toolkit verify`: start an environment by the same code that `remote` uses, and prove what its file says."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

from toolkit.errors import ToolkitError, unwritable
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.model.verification import Proof, Verdict, Verification
from toolkit.runner.isolation import LET_PASS, MUTE
from toolkit.sessions import disk_limit, host_network, launcher
from toolkit.sessions.image import existing
from toolkit.sessions.names import VERIFY_PREFIX, new_id
from toolkit.workflows import audit, builds, declarations, gateways, preparation, proving, verify_look
from toolkit.workflows.evidence import Evidence
from toolkit.workflows.network import policy_of
from toolkit.workflows.proving_network import samples_of
from toolkit.workflows.proving_secrets import secret_plan
from toolkit.workflows.proving_session import hook_plan, push_plan
from toolkit.workflows.verify_look import Subject
from toolkit.workflows.verify_peer import peer
from toolkit.workflows.verify_session import request_for, session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.gateway import GatewayFile, SecretHeader
    from toolkit.model.policy import Policy
    from toolkit.sessions.addresses import SessionAddresses
    from toolkit.sessions.gateway_plan import GatewayPlan
    from toolkit.workflows.verify_peer import Peer

_AT_ONCE = 4
_REFUSALS = "network-denied"
_BREAKS = {"setup": "setup", "hooks": "hooks", "gateway": _REFUSALS, "gateway-ca": "secrets"}
"""Code of a failure to begin → the one promise that is broken then. Without its CA a gateway can add no secret."""


def verify_all(root: Path, engine: Engine, names: Sequence[str], on_event: OnEvent) -> tuple[Verification, ...]:
    """Each of them, some side by side; one that cannot be started is a failed check of its own."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_told, root, engine, on_event), names))


def write_report(path: Path, content: bytes) -> None:
    """Raises ToolkitError where it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise unwritable(path, error) from error


def _told(root: Path, engine: Engine, on_event: OnEvent, name: str) -> Verification:
    try:
        return verify(root, engine, name, on_event)
    except ToolkitError as error:
        return _failed(name, "start", error)


def verify(root: Path, engine: Engine, name: str, on_event: OnEvent) -> Verification:
    """Prove one environment; nothing of it stays. Where a promise keeps it from beginning, that one has failed.

    Raises:
        ToolkitError: it cannot be started for another reason: no such environment, no image, no engine.
    """
    began = time.monotonic()
    try:
        checks = proving.proofs(_evidence(root, engine, name, on_event))
    except ToolkitError as error:
        promise = _promise(error)
        if not promise:
            raise
        return _failed(name, promise, error)
    spent = time.monotonic() - began
    on_event(Event(step=f"verify {name}", phase=Phase.DONE, text=f"{name}: verified in {spent:.1f} s"))
    return Verification(environment=name, checks=checks)


def _promise(error: ToolkitError) -> str:
    """Which promise it is that kept a session from beginning; empty: none."""
    if error.code != "network-check":
        return _BREAKS.get(error.code, "")
    return _REFUSALS if LET_PASS in error.message or MUTE in error.message else "network-isolated"


def _failed(name: str, promise: str, error: ToolkitError) -> Verification:
    return Verification(environment=name, checks=(Proof(name=promise, status=Verdict.FAIL, detail=error.message),))


def _evidence(root: Path, engine: Engine, name: str, on_event: OnEvent) -> Evidence:
    spec = declarations.environment(root, name)
    policy = policy_of(root, name)
    build = builds.build_of(root, spec)
    image = existing(engine, environment=name, build=build)
    start = preparation.starting_image(root, engine, spec, image, on_event)
    plan = gateways.plan(root, engine, spec, with_secrets=False)
    hooks, identity = hook_plan(spec.session_start), f"{VERIFY_PREFIX}{new_id()}"
    hosts = dict.fromkeys(host for one in spec.network.secrets for host in one.hosts)
    request = request_for(spec, hooks, identity=identity, image=start, build=build)
    with ExitStack() as stack:
        marks = {labels.VERIFICATION: identity, labels.LAUNCHER: launcher.mark()}
        outside = stack.enter_context(peer(engine, plan.image, secure=tuple(hosts), marks=marks))
        samples = samples_of(policy, outside.address)
        secrets = secret_plan(policy, spec.network.secrets, partial(token_hex, 16))
        here = _on_the_lab(plan, engine, policy, secrets.canaries, outside, environment=name)
        places = stack.enter_context(verify_look.out_of_reach(engine, outside))
        started = stack.enter_context(session(root, engine, request, here))
        on_event(Event(step=f"verify {name}", phase=Phase.PROGRESS, text=f"{name}: looking around inside"))
        pushes = push_plan(spec.push, request.branch)
        subject = Subject(request=request, samples=samples, places=places, pushes=pushes, secrets=secrets)
        found = verify_look.look_inside(engine, started.container, verify_look.order(spec, subject))
        limit = verify_look.INSIDE_SECONDS + sum(one.timeout for one in spec.verify)
        commands = verify_look.look_inside(
            engine, started.container, verify_look.command_order(spec), seconds=limit
        ).seen["commands"]
        control = verify_look.look_inside(engine, outside.container, verify_look.control_order(places))
        return Evidence(
            session=identity,
            project_dir=request.project_dir,
            spec=spec,
            policy=policy,
            samples=samples,
            places=places,
            hook_plan=hooks,
            hooks=started.hooks,
            pushes=pushes,
            secrets=secrets,
            seen=found.seen,
            control=control.seen,
            trail=audit.audit(engine, identity),
            arrived=outside.arrivals(),
            disk_unseen=disk_limit.unseen(engine.version()) if spec.resources.disk else "",
            queried=outside.queried(),
            commands=tuple(commands),
            build=build,
            image_labels=verify_look.image_labels(engine, started.container),
            heads_before=started.heads_before,
            heads=started.heads(engine),
            seconds=found.seconds,
        )


def _on_the_lab(
    plan: GatewayPlan,
    engine: Engine,
    policy: Policy,
    canaries: Sequence[SecretHeader],
    outside: Peer,
    *,
    environment: str,
) -> GatewayPlan:
    """The gateway's plan with the lab where the world would be."""
    hosts = host_network.addresses() if engine.local() else ()
    authorities = outside.certificate

    def files(addresses: SessionAddresses) -> tuple[GatewayFile, ...]:
        return gateways.gateway_files(
            policy,
            canaries,
            addresses,
            environment=environment,
            hosts=hosts,
            resolvers=(outside.address,),
            authorities=authorities,
        )

    return replace(plan, files=files, trust=bool(canaries), site_network=outside.network, dns=(outside.address,))
