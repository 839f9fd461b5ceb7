"""How to reach the engine, by the quickest way that its address allows."""

from __future__ import annotations

from toolkit.engines import address
from toolkit.engines.refusals import unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

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
        raise unreachable(found, error.strerror or str(error)) from error
    return QuickEngine(wire)


def labelled(labels: Mapping[str, str]) -> list[dict[str, str]]:
    """The labels of every container that has these; nothing of docker-py is imported where a socket is spoken to.

    Raises as `connect`, and OSError where nothing listens.
    """
    found = address.find()
    if found is None:
        return [dict(one.labels) for one in connect().containers(labels=labels)]
    import json

    from toolkit.engines.wire import Wire

    filters = json.dumps({"label": [f"{name}={value}" for name, value in labels.items()]})
    return [one.get("Labels") or {} for one in Wire.open(found).get("/containers/json", all="1", filters=filters)]
