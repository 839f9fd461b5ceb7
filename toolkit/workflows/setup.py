"""`toolkit setup`: what this machine needs, step by step; looked for first, then installed, else left to a person."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.errors import InvalidError, ToolkitError
from toolkit.model.check import Check, Status
from toolkit.model.environment import ImageSpec
from toolkit.model.event import Phase
from toolkit.provision import airgapped, base_image, docker_plugin, engine_install, pulumi_source, pulumi_variables
from toolkit.workflows import site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.engines.base import Engine
    from toolkit.model.event import Event, OnEvent
    from toolkit.provision.base_image import ResolvedBase
    from toolkit.provision.pulumi_source import PulumiProgram

_SETUP = "toolkit setup"
_OLDEST_API = (1, 41)  # Docker Engine 20.10


def run(root: Path | None, on_event: OnEvent, *, change: bool) -> Iterator[Check]:
    """One check a step, in order, each as soon as it is known; without `change` nothing is installed or written.

    Details begin with “found”, “installed” or “needs you”; a step that failed does not keep the next ones from
    being tried, unless they stand on it.
    """
    report = _without_ends(on_event)
    engine, check = engine_step(report, change=change)
    yield check
    program, check = pulumi_step(report, change=change)
    yield check
    yield language_host_step(program)
    yield plugin_step(root, program, report, change=change)
    yield base_step(root, engine, report, change=change)
    yield site_step(change=change)


def _without_ends(on_event: OnEvent) -> OnEvent:
    """Only what happens meanwhile: how a step ended is what its check says."""

    def pass_on(event: Event) -> None:
        if event.phase not in {Phase.DONE, Phase.FAILED}:
            on_event(event)

    return pass_on


def engine_step(on_event: OnEvent, *, change: bool) -> tuple[Engine | None, Check]:
    name = engine_install.STEP
    try:
        engine = engine_install.reach()
        return engine, _judged(engine)
    except ToolkitError as error:
        if not change:
            return None, needs(name, error)
    try:
        engine = engine_install.provide(on_event)
        return engine, installed(name, _describe(engine))
    except ToolkitError as error:
        return None, needs(name, error)


def pulumi_step(on_event: OnEvent, *, change: bool) -> tuple[PulumiProgram | None, Check]:
    name = pulumi_source.STEP
    try:
        program = pulumi_source.find()
        return program, found(name, _describe_program(program))
    except ToolkitError as error:
        if not change:
            return None, needs(name, error)
    try:
        program = pulumi_source.install(on_event)
        return program, installed(name, _describe_program(program))
    except ToolkitError as error:
        return None, needs(name, error)


def language_host_step(program: PulumiProgram | None) -> Check:
    """It comes with Pulumi in each of the three ways, so that this only looks."""
    name = "language host"
    host = program.language_host if program is not None else None
    if host is None:
        return Check(name=name, status=Status.FAIL, detail="needs you: it comes with Pulumi", fix=_SETUP)
    return found(name, str(host))


def plugin_step(root: Path | None, program: PulumiProgram | None, on_event: OnEvent, *, change: bool) -> Check:
    name = docker_plugin.STEP
    home = pulumi_variables.home(root or Path.cwd())
    kind = airgapped.in_use(home)
    if kind is not None:
        if change:
            airgapped.refresh(home)
        return found(name, _describe_plugin(kind, home))
    if program is None:
        return Check(name=name, status=Status.FAIL, detail="needs you: it waits for Pulumi", fix=_SETUP)
    if not change:
        return Check(name=name, status=Status.FAIL, detail=f"needs you: {home} holds none", fix=_SETUP)
    try:
        return installed(name, _describe_plugin(docker_plugin.provide(program, home, on_event), home))
    except ToolkitError as error:
        return needs(name, error)


def base_step(root: Path | None, engine: Engine | None, on_event: OnEvent, *, change: bool) -> Check:
    """Every base that an environment of the root is declared on."""
    name = base_image.STEP
    if engine is None:
        return Check(name=name, status=Status.FAIL, detail="needs you: it waits for the engine", fix=_SETUP)
    try:
        bases = declared_bases(root)
        before = {declared: base_image.resolve(declared, engine) for declared in bases}
        absent = [declared for declared, resolved in before.items() if resolved is None]
        if absent and not change:
            return Check(name=name, status=Status.FAIL, detail=f"needs you: no {', '.join(absent)}", fix=_SETUP)
        after = {one: before[one] or base_image.provide(one, engine, on_event, bootstrap=True) for one in bases}
    except InvalidError as error:
        return Check(name=name, status=Status.FAIL, detail=f"needs you: {error.message}", fix="toolkit validate")
    except ToolkitError as error:
        return needs(name, error)
    described = ", ".join(describe_base(declared, resolved) for declared, resolved in after.items())
    return installed(name, described) if absent else found(name, described)


def site_step(*, change: bool) -> Check:
    """What images and gateways must know of this site; a person's own settings are kept."""
    name = site.STEP
    try:
        proposal = site.propose()
        described = site.describe(proposal)
        if not proposal.changes:
            return found(name, described)
        if not change:
            return Check(name=name, status=Status.FAIL, detail=f"needs you: not written yet: {described}", fix=_SETUP)
        path = site.write(proposal)
    except ToolkitError as error:
        return needs(name, error)
    return installed(name, f"{described} in {path}")


def declared_bases(root: Path | None) -> tuple[str, ...]:
    """Sorted, each once; the default base where there is no project. InvalidError for broken declarations."""
    if root is None:
        return (ImageSpec().base,)
    from toolkit.workflows.declarations import all_environments

    return tuple(sorted({spec.image.base for spec in all_environments(root) if not spec.archived}))


def describe_base(declared: str, resolved: ResolvedBase) -> str:
    return f"{declared} (stand-in {resolved.reference})" if resolved.bootstrapped else declared


def found(name: str, detail: str) -> Check:
    return Check(name=name, status=Status.OK, detail=f"found: {detail}")


def installed(name: str, detail: str) -> Check:
    return Check(name=name, status=Status.OK, detail=f"installed: {detail}")


def needs(name: str, error: ToolkitError) -> Check:
    said = "; ".join([error.message, *map(str, error.diagnostics)])
    return Check(name=name, status=Status.FAIL, detail=f"needs you: {said}", fix=error.hint)


def _judged(engine: Engine) -> Check:
    api = tuple(int(part) for part in engine.version().api.split(".") if part.isdecimal())
    if api < _OLDEST_API:
        return Check(
            name=engine_install.STEP,
            status=Status.FAIL,
            detail=f"needs you: {_describe(engine)} is too old",
            fix="update it to Docker Engine 20.10 or newer",
        )
    return found(engine_install.STEP, _describe(engine))


def _describe(engine: Engine) -> str:
    version = engine.version()
    return f"{version.version}, API {version.api}, {version.architecture}"


def _describe_program(program: PulumiProgram) -> str:
    how = "on PATH" if program.origin == "PATH" else program.origin
    return f"{program.version} ({how}): {program.path}"


def _describe_plugin(kind: str, home: Path) -> str:
    return f"{kind} {airgapped.VERSION} in {home}"
