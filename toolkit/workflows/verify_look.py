"""What a verification looks at: inside the session, and, as a control, from outside."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit import paths
from toolkit.errors import EngineError
from toolkit.runner.preparation import MARK
from toolkit.sessions import host_network
from toolkit.sessions.plan import STATE_FOLDER
from toolkit.workflows import proving, verify_hooks
from toolkit.workflows.evidence import OutOfReach
from toolkit.workflows.proving_network import NOBODY
from toolkit.workflows.proving_secrets import OF_THE_SESSION, bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from toolkit.engines.base import Engine
    from toolkit.model.environment import AgentSpec, EnvironmentSpec
    from toolkit.sessions.plan import SessionRequest
    from toolkit.workflows.evidence import PushPlan, Samples, SecretPlan
    from toolkit.workflows.verify_peer import Peer

INSIDE_SECONDS = 300.0
_CONTROL_SECONDS = 10.0
_ENGINES_NAME_SERVER = "127.0.0.11"
_DIRECT = "toolkit-verify-direct.example.com"
_CONTROL = "toolkit-verify-control.example.com"
_HTTP = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be tried in one session."""

    request: SessionRequest
    samples: Samples
    places: OutOfReach
    pushes: PushPlan
    secrets: SecretPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Look → what was seen, and how long it took."""

    seen: Mapping[str, Any]
    seconds: Mapping[str, float]


@contextmanager
def out_of_reach(engine: Engine, outside: Peer) -> Iterator[OutOfReach]:
    """What the session must not reach, all of it listening for as long as this lasts."""
    known = OutOfReach(
        outside=f"{outside.address}:{_HTTP}", neighbour=f"{outside.neighbour}:{_HTTP}", name_server=outside.address
    )
    if not engine.local():
        yield known
        return
    with socket.create_server(("", 0), backlog=128) as server:
        port = server.getsockname()[1]
        own = {outside.address, outside.neighbour}
        hosts = tuple(f"{one}:{port}" for one in host_network.addresses() if one not in own)
        yield OutOfReach(
            outside=known.outside,
            neighbour=known.neighbour,
            name_server=known.name_server,
            hosts=hosts,
            host_control=f"{outside.host}:{port}" if hosts else "",
        )


def order(spec: EnvironmentSpec, subject: Subject) -> dict[str, object]:
    """What to look at inside (`proofs/inside.py`)."""
    packages, samples, places = spec.image.packages, subject.samples, subject.places
    program, headers = _program(spec.agent), {one.header: OF_THE_SESSION for one in subject.secrets.canaries}
    return {
        "variables": "",
        "marker": f"{STATE_FOLDER}/{MARK}",
        "hooks": verify_hooks.order(),
        "packages": {
            "apt": [proving.bare(one) for one in packages.apt],
            "pip": [proving.bare(one) for one in packages.pip],
            "npm": [proving.bare(one) for one in packages.npm],
        },
        **({"program": program} if program else {}),
        "limits": "",
        "ask": [*samples.allowed, *samples.denied],
        "tunnel": {"hosts": [*samples.allowed, *samples.denied], "headers": headers},
        "direct": places.all,
        "resolve": [NOBODY, *samples.allowed],
        "name_servers": [places.name_server, _ENGINES_NAME_SERVER],
        "question": _DIRECT,
        "secrets": {
            "hosts": subject.secrets.hosts,
            "headers": headers,
            # The id is there: that it is found proves the search.
            "search": [*map(bare, subject.secrets.canaries), subject.request.id],
        },
        "pushes": {
            "folder": subject.request.project_dir,
            "refs": [f"refs/heads/{one}" for one in (subject.pushes.refused, subject.pushes.allowed) if one],
        },
    }


def control_order(places: OutOfReach) -> dict[str, object]:
    """What the peer outside must reach, so that silence inside means something."""
    return {
        "direct": places.controls,
        "name_servers": [places.name_server],
        "question": _CONTROL,
        "patience": _CONTROL_SECONDS,
    }


def command_order(spec: EnvironmentSpec) -> dict[str, object]:
    """The owner's own commands, each with its time limit."""
    run = [{"run": one.run, "timeout": one.timeout} for one in spec.verify]
    return {"commands": {"beside": verify_hooks.BESIDE, "run": run}}


def look_inside(
    engine: Engine, container: str, wanted: Mapping[str, object], *, seconds: float = INSIDE_SECONDS
) -> Found:
    """Run the program that looks, and read what it saw; EngineError where it says nothing within `seconds`."""
    source = (paths.proofs() / "inside.py").read_text(encoding="utf-8")
    command = ("python3", "-I", "-c", source, json.dumps(wanted))
    done = engine.execute(container, command, environment={}, timeout=seconds)
    try:
        found = json.loads(done.stdout)
    except ValueError as error:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.exit_code}"
        raise EngineError(f"nothing could be found out inside the session: {said}") from error
    return Found(seen=found["seen"], seconds=found["seconds"])


def image_labels(engine: Engine, container: str) -> Mapping[str, str]:
    """Of the image that the container really runs on."""
    about = engine.container(container)
    image = engine.image(about.image) if about is not None else None
    return image.labels if image is not None else {}


def _program(agent: AgentSpec) -> str:
    """What must be on PATH; empty for the shell, and for a program of the repository's."""
    if agent.preset == "shell":
        return ""
    program = agent.command[0] if agent.command else agent.preset
    return "" if "/" in program and not program.startswith("/") else program
