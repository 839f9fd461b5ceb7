"""The image that an environment is built on: as declared, or a stand-in made from the distribution's own packages.

A stand-in serves networks where no image registry answers. It lives under `toolkit.local/`, carries a label that says
so, and is only ever made for a Debian or Ubuntu release: anything else could not be reproduced.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.event import Event, OnEvent, Phase
from toolkit.provision.release import Release, release_of
from toolkit.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.engines.base import Engine, EngineImage

STEP = "base image"
_REGISTRY = "toolkit.local"
_DEFAULT_HOST = "docker.io"


class ResolvedBase(Record):
    """`reference` is what the engine has; `bootstrapped` says that it is a stand-in for the declared one.

    `digest` is the registry's where it came from one, else the engine's id for it; empty where the engine has none.
    """

    reference: str
    bootstrapped: bool
    digest: str = ""


def resolve(declared: str, engine: Engine) -> ResolvedBase | None:
    """The declared image if the engine has it, else its stand-in, else None; nothing is fetched or made."""
    image = engine.image(declared)
    if image is not None:
        return ResolvedBase(reference=declared, bootstrapped=False, digest=digest_of(image, declared))
    name = stand_in(declared)
    image = engine.image(name) if name else None
    if image is not None:
        return ResolvedBase(reference=name, bootstrapped=True, digest=image.id)
    return None


def digest_of(image: EngineImage, reference: str) -> str:
    """`sha256:…`: the registry's digest for that repository, else any registry's, else the engine's id."""
    repository = _parts(reference)[0]
    known = [one.rpartition("@")[::2] for one in image.digests]
    named = [digest for name, digest in known if _parts(name)[0] == repository]
    return next(iter([*named, *(digest for _, digest in known)]), image.id)


def provide(declared: str, engine: Engine, on_event: OnEvent, *, bootstrap: bool, digest: str = "") -> ResolvedBase:
    """What `resolve` finds, else the image pulled, else (with `bootstrap`) a stand-in made; EngineError otherwise.

    With `digest` that very image is pulled, whatever the declared tag names by now.
    """
    found = resolve(declared, engine)
    if found is not None:
        return found
    on_event(_event(Phase.STARTED, f"base image {declared}: pulling"))
    exact = f"{_named(declared)}@{digest}" if digest else declared
    try:
        engine.pull(exact, on_line=_reporter(on_event))
        if "@" not in declared and exact != declared:
            engine.tag_image(exact, _tagged(declared))
    except EngineError as error:
        return _replace(declared, engine, on_event, bootstrap=bootstrap, refused=error)
    on_event(_event(Phase.DONE, f"base image {declared}: pulled"))
    return _resolved(declared, engine)


def stand_in(declared: str) -> str:
    """The name of the stand-in for this reference, or an empty string where none can be made."""
    repository, tag, digest = _parts(declared)
    if digest or release_of(repository, tag) is None:
        return ""
    return f"{_REGISTRY}/{repository}:{tag}"


def _replace(
    declared: str, engine: Engine, on_event: OnEvent, *, bootstrap: bool, refused: EngineError
) -> ResolvedBase:
    repository, tag, digest = _parts(declared)
    release = None if digest else release_of(repository, tag)
    if release is None:
        raise EngineError(
            f"the base image {declared} cannot be pulled: {refused.message}",
            hint="load it into the engine ('docker load', 'docker pull'), or take a Debian or Ubuntu release as base",
            code="no-base-image",
        ) from refused
    if not bootstrap:
        raise EngineError(
            f"the base image {declared} cannot be pulled: {refused.message}",
            hint="'toolkit setup' makes a stand-in from the distribution's own packages",
            code="no-base-image",
        ) from refused
    on_event(_event(Phase.NOTE, f"base image {declared}: no registry gives it, making a stand-in from packages"))
    try:
        return _bootstrap(declared, release, engine, on_event)
    except ToolkitError as error:
        on_event(_event(Phase.FAILED, f"base image {declared}: {error.message}"))
        raise


def _bootstrap(declared: str, release: Release, engine: Engine, on_event: OnEvent) -> ResolvedBase:
    from tempfile import TemporaryDirectory

    from toolkit.provision.debian import bootstrap_archive, need_mmdebstrap

    name = stand_in(declared)
    report = _reporter(on_event)
    need_mmdebstrap(release, on_line=report)
    work = paths.cache_dir() / "bootstrap"
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work) as folder:
        tarball = Path(folder) / "root.tar"
        bootstrap_archive(release, tarball, on_line=report)
        report(f"{name}: loading it into the engine")
        engine.import_image(
            tarball, reference=name, labels={labels.KIND: "base", labels.BASE: declared, labels.BOOTSTRAPPED: "true"}
        )
    on_event(_event(Phase.DONE, f"base image {declared}: stand-in {name} made"))
    return _resolved(declared, engine)


def _resolved(declared: str, engine: Engine) -> ResolvedBase:
    found = resolve(declared, engine)
    if found is None:
        raise EngineError(f"the base image {declared} was fetched, but the engine does not have it")
    return found


def _named(declared: str) -> str:
    """The repository as declared, without tag and digest."""
    rest = declared.partition("@")[0]
    head, colon, tail = rest.rpartition(":")
    return head if colon and "/" not in tail else rest


def _tagged(declared: str) -> str:
    return declared if _named(declared) != declared else f"{declared}:latest"


def _parts(declared: str) -> tuple[str, str, str]:
    """Repository, tag and digest, with the default registry's host and its `library/` left out."""
    rest, _, digest = declared.partition("@")
    head, colon, tail = rest.rpartition(":")
    repository, tag = (head, tail) if colon and "/" not in tail else (rest, "latest")
    return repository.removeprefix(f"{_DEFAULT_HOST}/").removeprefix("library/"), tag, digest


def _reporter(on_event: OnEvent) -> Callable[[str], None]:
    return lambda line: on_event(_event(Phase.PROGRESS, line))


def _event(phase: Phase, text: str) -> Event:
    return Event(step=STEP, phase=phase, text=text)
