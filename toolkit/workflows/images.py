"""Which images the environments of a root need: the one answer that `toolkit up` and the Pulumi program share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.errors import NotSupportedYetError
from toolkit.model import labels
from toolkit.provision import context, identity, indexes, pulumi_variables
from toolkit.provision.base_image import ResolvedBase, resolve
from toolkit.provision.plan import PlannedImage, images_of_stack, plan_image
from toolkit.workflows.builds import gateway_files, gateway_spec, runner_files, site_certificates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage
    from toolkit.model.environment import Certificate, EnvironmentSpec
    from toolkit.model.image import ContextFile

_PLATFORM_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def planned(
    root: Path, engine: Engine, *, project: str, stack: str, names: Sequence[str] = ()
) -> tuple[PlannedImage, ...]:
    """The image of every environment that is not archived (of `names`, where given), and the gateways' image, last.

    Writes their build contexts.

    A base that is in the engine neither as declared nor as a stand-in is planned as declared: the build pulls it.
    """
    from toolkit.workflows.declarations import all_environments

    specs = [one for one in all_environments(root) if not one.archived and (not names or one.name in names)]
    refuse_unbuilt_settings(root)
    key = identity.stack_key(backend=pulumi_variables.backend_url(root), project=project, stack=stack)
    platform = platform_of(engine)
    gateway = gateway_spec()
    bases = resolve_bases(engine, [*specs, gateway])
    given = _Given(
        root=root,
        key=key,
        platform=platform,
        there=images_of_stack(engine, key),
        certificates=site_certificates(root),
        runner=runner_files(),
    )
    beside = replace(given, runner=gateway_files(), kind=labels.GATEWAY_KIND)
    return (
        *(_planned(spec, bases[spec.image.base], given) for spec in specs),
        _planned(gateway, bases[gateway.image.base], beside),
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


def refuse_unbuilt_settings(root: Path) -> None:
    from toolkit import settings

    if settings.load(root).site.image_registry:
        raise NotSupportedYetError(
            "not supported yet: site.image_registry", hint="remove it from the settings: images stay in the engine"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What is the same for every image of one call."""

    root: Path
    key: str
    platform: str
    there: Mapping[str, EngineImage]
    certificates: Sequence[Certificate]
    runner: Sequence[ContextFile]
    kind: str = labels.IMAGE_KIND


def _planned(spec: EnvironmentSpec, base: ResolvedBase, given: _Given) -> PlannedImage:
    made = context.render(spec, base=base, site_certificates=given.certificates, runner=given.runner, kind=given.kind)
    folder = paths.project_state(given.root) / "contexts" / spec.name
    context.write(made, folder)
    return plan_image(
        made,
        folder=folder,
        key=given.key,
        bootstrapped=base.bootstrapped,
        platform=given.platform,
        there=given.there,
        indexes=indexes.build_arguments(spec.image.packages),
    )
