"""What an environment's build is made of beside its declaration: the site's certificates and the session runner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import paths
from toolkit.model import labels
from toolkit.model.environment import EnvironmentSpec, ImageSpec, Packages
from toolkit.model.image import ContextFile
from toolkit.provision import certificates, context

if TYPE_CHECKING:
    from toolkit.model.environment import Certificate

_HOST = "host"
_GATEWAY_PACKAGES = ("git", "iproute2", "mawk", "openssh-client", "openssl", "squid-openssl")


def build_of(root: Path, spec: EnvironmentSpec) -> str:
    """The environment's build, 64 hex digits: what its image must be labelled with."""
    return context.build_of(spec, site_certificates=site_certificates(root), runner=runner_files())


def site_certificates(root: Path) -> tuple[Certificate, ...]:
    """The CAs that this site adds to every image (`site.ca_certificates`: files, or the word `host`)."""
    from toolkit import settings

    found: list[Certificate] = []
    known: tuple[Certificate, ...] = ()
    for entry in settings.load(root).site.ca_certificates:
        if entry == _HOST:
            from toolkit.provision.host_trust import host_certificates

            known = host_certificates()
        else:
            found += certificates.read(Path(entry))
    return certificates.unique(found, checked=known)


def runner_files() -> tuple[ContextFile, ...]:
    """The session runner as it goes into every environment's image."""
    return _programs(paths.runner_source())


def gateway_spec() -> EnvironmentSpec:
    """What the gateways' image is made of, in the form of an environment: it is built by the same steps."""
    packages = Packages(apt=_GATEWAY_PACKAGES)
    return EnvironmentSpec(name=labels.GATEWAY_NAME, path="", revision="", image=ImageSpec(packages=packages))


def gateway_files() -> tuple[ContextFile, ...]:
    """The programs of both gateways as they go into their image."""
    return _programs(paths.gateways_source())


def gateway_build(root: Path) -> str:
    """The gateways' build, 64 hex digits: what their image must be labelled with."""
    return context.build_of(
        gateway_spec(),
        site_certificates=site_certificates(root),
        runner=gateway_files(),
        kind=labels.GATEWAY_KIND,
    )


def _programs(source: Path) -> tuple[ContextFile, ...]:
    """Files that run inside a container; modes are ours, not those of this checkout."""
    return tuple(
        ContextFile(path=path.relative_to(source).as_posix(), content=content, mode=_mode(content))
        for path in sorted(source.rglob("*"))
        if path.is_file() and not any(_is_left_out(part) for part in path.relative_to(source).parts)
        for content in [path.read_bytes()]
    )


def _mode(content: bytes) -> int:
    return 0o755 if content.startswith(b"#!") else 0o644


def _is_left_out(part: str) -> bool:
    return part == "__pycache__" or part.startswith(".") or part.endswith(".pyc")
