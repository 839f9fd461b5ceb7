"""`toolkit verify`: start an environment by the same code that `remote` uses, and prove what its file says."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import paths, process, settings
from toolkit.errors import EngineError, ToolkitError
from toolkit.git.repository import look
from toolkit.model.environment import AgentSpec
from toolkit.model.event import Event, OnEvent, Phase, ignore
from toolkit.model.gateway import SecretHeader
from toolkit.model.verification import Proof, Verdict, Verification
from toolkit.network.decide import decide
from toolkit.network.url import parse
from toolkit.sessions import ends, host_network, launcher
from toolkit.sessions.image import existing
from toolkit.sessions.launch import launch
from toolkit.sessions.names import new_id
from toolkit.sessions.plan import SessionRequest
from toolkit.workflows import audit, builds, carrying, declarations, gateways, preparation, proving
from toolkit.workflows.network import policy_of
from toolkit.workflows.proving import Evidence, Samples
from toolkit.workflows.verify_peer import peer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.gateway import GatewayFile
    from toolkit.model.policy import Policy
    from toolkit.sessions.addresses import SessionAddresses
    from toolkit.workflows.verify_peer import Peer

_INSIDE_SECONDS = 300.0
_GIT_SECONDS = 30.0
_AT_ONCE = 2
_UNKNOWN = "toolkit-verify-denied.example.net"
_SPECIAL = "toolkit-verify.internal"
_SAMPLES = 3


def verify_all(root: Path, engine: Engine, names: Sequence[str], on_event: OnEvent) -> tuple[Verification, ...]:
    """Each of them, some side by side; one that cannot be started is a failed check of its own."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_told, root, engine, on_event), names))


def _told(root: Path, engine: Engine, on_event: OnEvent, name: str) -> Verification:
    try:
        return verify(root, engine, name, on_event)
    except ToolkitError as error:
        return Verification(environment=name, checks=(Proof(name="start", status=Verdict.FAIL, detail=error.message),))


def verify(root: Path, engine: Engine, name: str, on_event: OnEvent) -> Verification:
    """Prove one environment; nothing of it stays.

    Raises:
        ToolkitError: it cannot be started: no image, a setup script that fails, a network that is not isolated.
    """
    began = time.monotonic()
    spec = declarations.environment(root, name)
    policy = policy_of(root, name)
    build = builds.build_of(root, spec)
    image = existing(engine, environment=name, build=build)
    start = preparation.starting_image(root, engine, spec, image, on_event)
    canaries = tuple(
        SecretHeader(name=one.name, hosts=one.hosts, header=one.header, value=f"canary-{secrets.token_hex(16)}")
        for one in spec.network.secrets
    )
    plan = gateways.plan(root, engine, spec, with_secrets=False)
    with ExitStack() as stack:
        outside = stack.enter_context(peer(engine, plan.image))
        samples = samples_of(policy, outside.address)

        def files(addresses: SessionAddresses) -> tuple[GatewayFile, ...]:
            local = engine.local()
            return gateways.gateway_files(
                policy,
                canaries,
                addresses,
                environment=name,
                hosts=host_network.addresses() if local else (),
                resolvers=(outside.address,),
            )

        here = replace(plan, files=files, site_network=outside.network, dns=(outside.address,))
        request = _request(spec, start, build)
        container = stack.enter_context(_session(root, engine, request, here))
        on_event(Event(step=f"verify {name}", phase=Phase.PROGRESS, text=f"{name}: looking around inside"))
        seen = _look_inside(engine, container, _order(spec, samples, outside, canaries))
        trail = audit.audit(engine, request.id)
        evidence = Evidence(
            spec=spec,
            policy=policy,
            samples=samples,
            seen=seen,
            trail=trail,
            requested=tuple(outside.reached_by("request")),
            queried=tuple(outside.reached_by("query")),
            build=build,
            image_labels=_labels_of(engine, container),
            has_snapshot=start != image,
        )
    checks = proving.proofs(evidence)
    spent = time.monotonic() - began
    on_event(Event(step=f"verify {name}", phase=Phase.DONE, text=f"{name}: verified in {spent:.1f} s"))
    return Verification(environment=name, checks=checks)


def samples_of(policy: Policy, address: str) -> Samples:
    """A few hosts that the policy lets through and a few that it refuses, by its own word; pure."""
    candidates = [*proving.examples(policy), "toolkit-verify.example.com"]
    refused = [_UNKNOWN, _SPECIAL, address, *proving.denied_examples(policy)]

    def passes(host: str) -> bool:
        return decide(policy, parse(f"http://{host}/")).allowed

    return Samples(
        allowed=tuple([one for one in dict.fromkeys(candidates) if passes(one)][:_SAMPLES]),
        denied=tuple(one for one in dict.fromkeys(refused) if not passes(one)),
    )


def _request(spec: EnvironmentSpec, image: str, build: str) -> SessionRequest:
    """A session like any other, but for its agent, which has nothing to do, and hooks, which are not asked."""
    quiet = replace(spec, session_start=())
    return SessionRequest(
        id=f"verify-{new_id()}",
        environment=quiet,
        image=image,
        build=build,
        task="true",
        agent=AgentSpec(),
        repository_name="verify",
        repository="",
        created=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        launcher=launcher.mark(),
    )


@contextmanager
def _session(root: Path, engine: Engine, request: SessionRequest, plan: Any) -> Iterator[str]:
    """Running, with a repository of one commit; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        source = _repository(Path(scratch) / "verify")
        into = Path(scratch) / "carried"
        gated = partial(carrying.gated, request, look(str(source)), plan, engine, into=into, on_event=ignore)
        pools = settings.load(root).site.subnets
        container = launch(request, plan, engine, carry=gated, pools=pools, on_event=ignore)
    try:
        yield container
    finally:
        ends.discard(engine, request.id)


def _repository(folder: Path) -> Path:
    folder.mkdir()
    identity = ("-c", "user.name=toolkit", "-c", "user.email=toolkit@example.invalid")
    for words in (("init", "-q"), (*identity, "commit", "-q", "--allow-empty", "-m", "Verify")):
        process.run(("git", "-C", str(folder), *words), timeout=_GIT_SECONDS)
    return folder


def _order(
    spec: EnvironmentSpec, samples: Samples, outside: Peer, canaries: Sequence[SecretHeader]
) -> dict[str, object]:
    packages = spec.image.packages
    hosts = [one for one in host_network.addresses() if one != outside.address]
    return {
        "packages": {
            "apt": [proving.bare(one) for one in packages.apt],
            "pip": [proving.bare(one) for one in packages.pip],
            "npm": [proving.bare(one) for one in packages.npm],
        },
        "ask": [*samples.allowed, *samples.denied],
        "direct": [f"{outside.address}:80", *(f"{one}:80" for one in hosts)],
        "resolve": ["toolkit-verify.example.com", *samples.allowed],
        "name_servers": [outside.address, "127.0.0.11"],
        "canaries": [one.value for one in canaries],
    }


def _labels_of(engine: Engine, container: str) -> Mapping[str, str]:
    """Of the image that the container really runs on."""
    about = engine.container(container)
    image = engine.image(about.image) if about is not None else None
    return image.labels if image is not None else {}


def _look_inside(engine: Engine, container: str, order: dict[str, object]) -> dict[str, Any]:
    source = (paths.proofs() / "inside.py").read_text(encoding="utf-8")
    command = ("python3", "-I", "-c", source, json.dumps(order))
    done = engine.execute(container, command, environment={}, timeout=_INSIDE_SECONDS)
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.exit_code}"
        raise EngineError(f"nothing could be found out inside the session: {said}") from error
    return dict(found)
