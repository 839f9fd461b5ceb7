"""Which images the environments of a root need: the one answer that `toolkit up` and the Pulumi program share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import ToolkitError, unwritable
from toolkit.model import labels
from toolkit.provision import context, identity, indexes, pulumi_variables, recorded
from toolkit.provision.base_image import ResolvedBase, resolve
from toolkit.provision.plan import PlannedImage, Surroundings, plan_image
from toolkit.record import Record
from toolkit.workflows.builds import gateway_files, gateway_spec, runner_files, site_certificates

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.environment import Certificate, EnvironmentSpec
    from toolkit.model.image import BuildContext, ContextFile
    from toolkit.provision.recorded import RecordedImage

REBUILD_VARIABLE = "TOOLKIT_REBUILD"
"""Environments whose images are to be made anew, told to the program of a stack whose record it cannot read itself."""
_KINDS = frozenset({labels.IMAGE_KIND, labels.GATEWAY_KIND})
_PLATFORM_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


class StackImages(Record):
    """A stack's images as planned, what the engine has of that stack, and the build contexts by environment."""

    key: str
    planned: tuple[PlannedImage, ...]
    there: tuple[EngineImage, ...]
    contexts: Mapping[str, BuildContext]


def planned(
    root: Path, engine: Engine, *, project: str, stack: str, names: Sequence[str] = ()
) -> tuple[PlannedImage, ...]:
    """For the Pulumi program: the image of every environment that is not archived, and the gateways' image, last.

    Writes their build contexts.

    A base that is in the engine neither as declared nor as a stand-in is planned as declared: the build pulls it.
    """
    known = _known(root, project, stack)
    anew = frozenset(os.environ.get(REBUILD_VARIABLE, "").split(","))
    found = plan(root, engine, project=project, stack=stack, names=names, known=known, anew=anew)
    for one in found.planned:
        try:
            context.write(found.contexts[one.environment], one.context)
        except OSError as error:
            raise unwritable(f"the build context of '{one.environment}', {one.context}", error) from error
    return found.planned


def plan(  # noqa: PLR0913 -- which images, of which stack, on which engine, beside what record
    root: Path,
    engine: Engine,
    *,
    project: str,
    stack: str,
    known: Mapping[str, RecordedImage],
    names: Sequence[str] = (),
    anew: Collection[str] = (),
    platform: str = "",
) -> StackImages:
    """The same without writing.

    `known` is what the stack recorded; environments in `anew` get a new image, although one is there; `platform` is
    the engine's where it is not given.
    """
    from toolkit import settings
    from toolkit.workflows.declarations import all_environments

    specs = [one for one in all_environments(root) if not one.archived and (not names or one.name in names)]
    key = identity.stack_key(backend=pulumi_variables.backend_url(root), project=project, stack=stack)
    registry = settings.load(root).site.image_registry or ""
    ours = [one for one in engine.images(labels={labels.STACK: ""}) if one.labels.get(labels.KIND) in _KINDS]
    gateway = gateway_spec()
    there = tuple(one for one in ours if one.labels.get(labels.STACK) == key)
    around = Surroundings(
        key=key,
        platform=platform or platform_of(engine),
        there={tag: image for image in (ours if registry else there) for tag in image.tags},
        recorded=known,
        anew=anew,
        registry=registry,
    )
    certificates, bases = site_certificates(root), resolve_bases(engine, [*specs, gateway])
    given, beside = (
        _Given(root=root, around=around, certificates=certificates, runner=runner, bases=bases, kind=kind)
        for runner, kind in ((runner_files(), labels.IMAGE_KIND), (gateway_files(), labels.GATEWAY_KIND))
    )
    contexts = {spec.name: given.context(spec) for spec in specs} | {gateway.name: beside.context(gateway)}
    return StackImages(
        key=key,
        planned=tuple(given.image(spec, contexts[spec.name]) for spec in (*specs, gateway)),
        there=there,
        contexts=contexts,
    )


def resolve_bases(engine: Engine, specs: Sequence[EnvironmentSpec]) -> dict[str, ResolvedBase]:
    """Declared base → what the engine has for it, each base looked up once."""
    return {
        declared: resolve(declared, engine) or ResolvedBase(reference=declared, bootstrapped=False)
        for declared in sorted({spec.image.base for spec in specs})
    }


def platform_of(engine: Engine) -> str:
    """Such as linux/amd64. Given to Pulumi always: its plugin would take this client's, and say so on every run."""
    architecture = engine.architecture()
    return f"linux/{_PLATFORM_NAMES.get(architecture, architecture)}"


class _Given(Record):
    """What is the same for every image of one call."""

    root: Path
    around: Surroundings
    certificates: Sequence[Certificate]
    runner: Sequence[ContextFile]
    bases: Mapping[str, ResolvedBase]
    kind: str

    def context(self, spec: EnvironmentSpec) -> BuildContext:
        base = self.bases[spec.image.base]
        return context.render(spec, base=base, site_certificates=self.certificates, runner=self.runner, kind=self.kind)

    def image(self, spec: EnvironmentSpec, made: BuildContext) -> PlannedImage:
        return plan_image(
            made,
            self.bases[spec.image.base],
            self.around,
            folder=paths.project_state(self.root) / "contexts" / spec.name,
            indexes=indexes.build_arguments(spec.image.packages),
        )


def _known(root: Path, project: str, stack: str) -> Mapping[str, RecordedImage]:
    """What the program can know of the record; a damaged one is Pulumi's to refuse, which reads the same file."""
    backend = pulumi_variables.file_backend(root)
    try:
        record = recorded.read(backend, project=project, stack=stack) if backend else None
    except ToolkitError:
        record = None
    return record.images if record is not None else {}
