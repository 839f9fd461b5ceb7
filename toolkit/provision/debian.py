"""A root filesystem of a Debian or Ubuntu release, made by mmdebstrap from the distribution's own packages."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit import process
from toolkit.errors import ToolkitError
from toolkit.provision import apt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from toolkit.provision.release import Release

_KEYS = Path("/usr/share/keyrings")
_KEY_PACKAGES = {"debian": "debian-archive-keyring", "ubuntu": "ubuntu-keyring"}
_COMPONENTS = {"debian": ("main",), "ubuntu": ("main", "universe")}
_POCKETS = ("", "-updates", "-security")
# What the runner needs in every image: being here already, it costs no layer of its own later.
_PACKAGES = ("bash", "ca-certificates", "git", "python3")
_SLIM = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*")
_KEPT = "/usr/share/doc/*/copyright"
_SECONDS = 1200.0
_ASK_SECONDS = 60.0
_NEEDED_BYTES = 1_500_000_000


def need_mmdebstrap(release: Release, *, on_line: Callable[[str], None]) -> None:
    """The program and the distribution's keys, installed where we may; ToolkitError with what to do otherwise."""
    apt.need("mmdebstrap", ("mmdebstrap",), on_line=on_line)
    keys = _KEYS / f"{release.distribution}-archive-keyring.gpg"
    package = _KEY_PACKAGES[release.distribution]
    if not keys.is_file() and apt.usable():
        with suppress(ToolkitError):  # older Debians do not have Ubuntu's
            apt.install((package,), on_line=on_line)
    if not keys.is_file():
        raise ToolkitError(
            f"the keys of {release.distribution}'s archive are missing: {keys}",
            hint=f"install the package {package}, or copy that file from a machine that runs {release.distribution}",
        )


def bootstrap_archive(release: Release, tarball: Path, *, on_line: Callable[[str], None]) -> None:
    """Write the root filesystem as an uncompressed tar; ToolkitError on a full disk or where the archive refuses."""
    free = shutil.disk_usage(tarball.parent).free
    if free < _NEEDED_BYTES:
        raise ToolkitError(
            f"{tarball.parent} has {free / 1e9:.1f} GB free, a stand-in base image needs {_NEEDED_BYTES / 1e9:.1f}",
            hint="free some space, or set XDG_CACHE_HOME to a folder on a larger disk",
        )
    argv = mmdebstrap_command(release, tarball, mirrors=host_mirrors(release))
    process.run(argv, timeout=_SECONDS, env={"LC_ALL": "C.UTF-8"}, on_line=on_line)


def mmdebstrap_command(release: Release, tarball: Path, *, mirrors: Iterable[str]) -> tuple[str, ...]:
    """Its argv; without mirrors it takes the distribution's public one."""
    excluded = [f"--dpkgopt=path-exclude={pattern}" for pattern in _SLIM] if release.slim else []
    kept = [f"--dpkgopt=path-include={_KEPT}"] if release.slim else []
    return (
        "mmdebstrap",
        "--variant=minbase",
        f"--components={','.join(_COMPONENTS[release.distribution])}",
        f"--include={','.join(_PACKAGES)}",
        *excluded,
        *kept,
        release.suite,
        str(tarball),
        *mirrors,
    )


def host_mirrors(release: Release) -> tuple[str, ...]:
    """sources.list lines for this release on the mirrors that this host itself uses; empty on another distribution."""
    if apt.host_distribution() != release.distribution or process.which("apt-get") is None:
        return ()
    argv = ("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE) $(COMPONENT) $(ORIGIN)", "Created-By: Packages")
    said = process.run(argv, timeout=_ASK_SECONDS, check=False).stdout
    return mirror_lines(said, release, codename=apt.os_release().get("VERSION_CODENAME", ""))


def mirror_lines(index_targets: str, release: Release, *, codename: str) -> tuple[str, ...]:
    """From `site release component origin` lines of a host that runs `codename`; other vendors are left out."""
    wanted = {codename + pocket: release.suite + pocket for pocket in _POCKETS if release.suite != "sid" or not pocket}
    found: dict[tuple[str, str], list[str]] = {}
    for line in index_targets.splitlines():
        site, suite, component, origin = (*line.split(), "", "", "", "")[:4]
        ours = origin.lower() == release.distribution and component in _COMPONENTS[release.distribution]
        if ours and suite in wanted and "://" in site:
            components = found.setdefault((site, wanted[suite]), [])
            components += [component] if component not in components else []
    return tuple(f"deb {site} {suite} {' '.join(components)}" for (site, suite), components in found.items())
