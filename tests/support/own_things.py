"""What a run of the tests makes on the engine is marked as that run's: the next one removes what a killed one left.

Sessions, gateways and images carry the name of their stack; peers and networks of a lab carry `labels.LAUNCHER`.
"""

from __future__ import annotations

import re
import socket
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model import labels
from toolkit.sessions import ends, launcher, leftovers
from toolkit.workflows import destruction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.engines.base import Engine

_STACK = re.compile(r"test-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]{8}-")


def new_stack() -> str:
    """The name of a stack of this run: it tells the run's process, by its id and its start in clock ticks."""
    _, pid, start = launcher.mark().rsplit(":", 2)
    return f"test-{pid}-{start}-{uuid.uuid4().hex[:8]}"


def marks() -> dict[str, str]:
    """The labels of what a test puts beside environments."""
    return {labels.KIND: labels.TEST_KIND, labels.LAUNCHER: launcher.mark()}


def options() -> list[str]:
    """The same for a container that the engine's own command line makes."""
    return [word for key, value in marks().items() for word in ("--label", f"{key}={value}")]


def run_of(found: Mapping[str, str]) -> str:
    """The mark of the run that something with these labels belongs to; empty: of none."""
    if found.get(labels.KIND) == labels.TEST_KIND:
        return found.get(labels.LAUNCHER, "")
    stack = _STACK.match(found.get(labels.STACK, ""))
    return f"{socket.gethostname()}:{stack['pid']}:{stack['start']}" if stack else ""


def may_be_ours(found: Mapping[str, str]) -> bool:
    """Not of another run that goes on on the same engine."""
    return run_of(found) in {"", launcher.mark()}


def remove_of_dead_runs(engine: Engine) -> None:
    """Containers first, then what they stood on; what somebody else has come to use stays.

    What its clients left half made is any dead client's leftover.
    """
    for _ in leftovers.remove(engine, leftovers.find(engine)):
        pass
    for container in engine.containers(labels={labels.KIND: ""}):
        if _is_dead(container.labels):
            session = container.labels.get(labels.SESSION, "")
            if session:
                ends.discard(engine, session)
            engine.remove_container(container.id)
    for network in engine.networks(labels={labels.KIND: labels.TEST_KIND}):
        if _is_dead(network.labels):
            engine.remove_network(network.id)
    stacks = {one.labels[labels.STACK] for one in engine.images(labels={labels.STACK: ""}) if _is_dead(one.labels)}
    for stack in stacks:
        for image in destruction.images_of(engine, stack):
            with suppress(EngineError):
                engine.remove_image(image.id, force=True)


def _is_dead(found: Mapping[str, str]) -> bool:
    return launcher.is_gone(run_of(found))
