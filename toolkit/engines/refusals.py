"""What docker-py and its transport raise, in the product's own words; and patience for slow calls."""

from __future__ import annotations

import math
from contextlib import contextmanager

from toolkit.errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import APIClient

NO_ENGINE_HINT = "start Docker, or let 'toolkit setup' install and start it; DOCKER_HOST names another engine"
NOT_FOUND = "engine-not-found"
LOST_ENGINE_HINT = "start Docker again; what was half made is then removed by 'toolkit doctor --fix'"


def unreachable(address: object, said: str) -> EngineError:
    return EngineError(f"no container engine answers at {address}: {said}", hint=NO_ENGINE_HINT)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what docker-py and its transport raise into EngineError."""
    import requests
    from docker.errors import APIError, DockerException, NotFound

    try:
        yield
    except NotFound as error:
        raise unknown(reason(error)) from error
    except APIError as error:
        raise refused(reason(error)) from error
    except (DockerException, requests.exceptions.RequestException) as error:
        raise lost(cause(error)) from error


def unknown(said: str) -> EngineError:
    return EngineError(f"the engine does not know it: {said}", code=NOT_FOUND)


def refused(said: str) -> EngineError:
    return EngineError(f"the engine refused: {said}", hint=_hint(said))


def lost(said: str) -> EngineError:
    return EngineError(f"the engine stopped answering: {said}", hint=LOST_ENGINE_HINT)


@contextmanager
def patience(client: APIClient, seconds: float) -> Iterator[None]:
    """A longer bound for one slow call."""
    before = client.timeout
    client.timeout = math.ceil(seconds)
    try:
        yield
    finally:
        client.timeout = before


def reason(error: BaseException) -> str:
    explanation = getattr(error, "explanation", None)
    return str(explanation or error).strip()


def cause(error: BaseException) -> str:
    """The operating system's word at the bottom of what the transport wraps around it."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(getattr(error, "strerror", None) or error).strip()


def _hint(said: str) -> str:
    if "no space left" in said.lower():
        return "the engine's disk is full: free some space ('docker system df' shows what takes it) and try again"
    return ""
