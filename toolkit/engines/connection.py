"""How to reach the engine, by the quickest way that its address allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.engines import address
from toolkit.engines.refusals import NO_ENGINE_HINT
from toolkit.errors import EngineError

if TYPE_CHECKING:
    from toolkit.engines.docker import DockerEngine


def connect() -> DockerEngine:
    """The engine that DOCKER_HOST or the docker context names; EngineError where none answers."""
    found = address.find()
    if found is None:
        from toolkit.engines import docker

        return docker.connect()
    from toolkit.engines.quick import QuickEngine
    from toolkit.engines.wire import Wire

    try:
        wire = Wire.open(found)
    except OSError as error:
        raise EngineError(f"no container engine answers: {error.strerror or error}", hint=NO_ENGINE_HINT) from error
    return QuickEngine(wire)
