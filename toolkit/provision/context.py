"""Spec → build context: pure, and the same bytes on every machine, in every locale."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from toolkit.errors import InvalidError
from toolkit.model import labels
from toolkit.model.environment import SHOWN_DIGITS, Packages
from toolkit.model.image import BuildContext, ContextFile
from toolkit.provision import certificates, steps
from toolkit.provision.packages import words
from toolkit.provision.recipe import Recipe

try:  # as in toolkit/memory.py: hashlib loads OpenSSL, which takes half as long as starting Python
    from _sha256 import sha256  # type: ignore[import-not-found, unused-ignore]
except ImportError:  # Python 3.12 and later
    from hashlib import sha256

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.model.environment import Certificate, EnvironmentSpec

DOCKERFILE = "Dockerfile"
RUNNER = "/opt/toolkit/runner"
GATEWAYS = "/opt/toolkit/gateways"
STACK_ARGUMENT = "TOOLKIT_STACK"
GENERATION_ARGUMENT = "TOOLKIT_GENERATION"
RECIPE_ARGUMENT = "TOOLKIT_RECIPE"
BASE_DIGEST_ARGUMENT = "TOOLKIT_BASE_DIGEST"
INDEX_ARGUMENTS = {"pip": "PIP_INDEX_URL", "npm": "NPM_CONFIG_REGISTRY"}
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]*")
_PROGRAMS = {labels.IMAGE_KIND: RUNNER, labels.GATEWAY_KIND: GATEWAYS}
_BUNDLE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


class Base(Protocol):
    """What an image is really built from (`base_image.ResolvedBase`)."""

    @property
    def reference(self) -> str: ...
    @property
    def bootstrapped(self) -> bool: ...
    @property
    def digest(self) -> str: ...


def build_of(
    spec: EnvironmentSpec,
    *,
    site_certificates: Sequence[Certificate],
    runner: Sequence[ContextFile],
    kind: str = labels.IMAGE_KIND,
) -> str:
    """The build, 64 hex digits, over the base as declared, packages, all CA certificates, build steps and runner.

    Neither the environment's name nor what the base resolves to on this machine counts.
    """
    files = _files(spec, site_certificates, runner, kind)
    made_of = {
        "base": spec.image.base,
        "steps": _steps(spec.image.packages, spec.name, trusts=_has_certificates(files), kind=kind),
        "files": [[one.path, one.mode, sha256(one.content).hexdigest()] for one in files],
    }
    digest: str = sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
    return digest


def render(
    spec: EnvironmentSpec,
    *,
    base: Base,
    site_certificates: Sequence[Certificate],
    runner: Sequence[ContextFile],
    kind: str = labels.IMAGE_KIND,
) -> BuildContext:
    """Dockerfile and files, sorted by path; InvalidError for a base or a package that is none.

    `kind` is the label of what it is for. The gateways' image is built the same way: their programs are then `runner`.
    """
    files = _files(spec, site_certificates, runner, kind)
    build = build_of(spec, site_certificates=site_certificates, runner=runner, kind=kind)
    if not _REFERENCE.fullmatch(base.reference):
        raise InvalidError(f"environment '{spec.name}': image.base: {base.reference!r} is no image reference")
    dockerfile = "\n".join(
        [
            f"FROM {base.reference}",
            "USER root",
            _steps(spec.image.packages, spec.name, trusts=_has_certificates(files), kind=kind),
            *_closing(spec, base, build, kind),
            "",
        ]
    )
    made = (ContextFile(path=DOCKERFILE, content=dockerfile.encode()), *files)
    return BuildContext(
        environment=spec.name,
        base=base.reference,
        build=build,
        files=tuple(sorted(made, key=lambda one: one.path)),
        recipe=str(recipe_of(spec, site_certificates=site_certificates, runner=runner, kind=kind)),
    )


def recipe_of(
    spec: EnvironmentSpec, *, site_certificates: Sequence[Certificate], runner: Sequence[ContextFile], kind: str
) -> Recipe:
    """What the build is over, in words."""
    packages = spec.image.packages
    trusted = certificates.unique(spec.image.ca_certificates, checked=site_certificates)
    without_packages = _steps(Packages(), spec.name, trusts=bool(trusted), kind=kind)
    return Recipe(
        base=spec.image.base,
        apt=tuple(sorted(set(packages.apt))),
        pip=tuple(sorted(set(packages.pip))),
        npm=tuple(sorted(set(packages.npm))),
        certificates=tuple(certificates.fingerprint(one.pem)[:SHOWN_DIGITS] for one in trusted),
        steps=_digest([without_packages, *(one.content.decode() for one in _scripts())]),
        runner=_digest([[one.path, one.mode, one.content.decode(errors="replace")] for one in runner]),
    )


def write(context: BuildContext, folder: Path) -> None:
    """Make `folder` hold exactly the context, with its modes; what is there and right stays untouched."""
    wanted = {folder / one.path: one for one in context.files}
    for path, file in sorted(wanted.items()):
        _make_folder(path.parent, folder)
        if not _is_written(path, file):
            _replace(path, file, scratch=folder.parent)
    _drop_strays(folder, set(wanted))


def _files(
    spec: EnvironmentSpec, site_certificates: Sequence[Certificate], runner: Sequence[ContextFile], kind: str
) -> tuple[ContextFile, ...]:
    folder = _PROGRAMS[kind].rpartition("/")[2]
    trusted = certificates.unique(spec.image.ca_certificates, checked=site_certificates)
    made = [
        *_scripts(),
        *(
            ContextFile(
                path=f"certificates/toolkit-{certificates.fingerprint(one.pem)[:16]}.crt", content=one.pem.encode()
            )
            for one in trusted
        ),
        *(ContextFile(path=f"{folder}/{one.path}", content=one.content, mode=one.mode) for one in runner),
    ]
    return tuple(sorted(made, key=lambda one: one.path))


def _scripts() -> tuple[ContextFile, ...]:
    return (
        ContextFile(path="steps/require", content=steps.REQUIRE.encode()),
        ContextFile(path="steps/trust", content=steps.TRUST.encode()),
    )


def _digest(value: object) -> str:
    digest: str = sha256(json.dumps(value).encode()).hexdigest()
    return digest[:SHOWN_DIGITS]


def _has_certificates(files: Sequence[ContextFile]) -> bool:
    return any(one.path.startswith("certificates/") for one in files)


def _steps(packages: Packages, name: str, *, trusts: bool, kind: str) -> str:
    """The part that costs time, most shared first: environments on one base have the first layers in common."""
    lines = ["# The site's CAs come first: whatever is downloaded later must trust them."]
    if trusts:
        lines.append(f"COPY certificates/ {steps.CERTIFICATES}/")
    lines += [
        f"COPY steps/ {steps.FOLDER}/",
        f"RUN sh {steps.FOLDER}/trust && sh {steps.FOLDER}/require",
        *_package_steps(packages, name),
        f"COPY {_PROGRAMS[kind].rpartition('/')[2]}/ {_PROGRAMS[kind]}/",
        "ENV LANG=C.UTF-8",
    ]
    return "\n".join(lines)


def _package_steps(packages: Packages, name: str) -> list[str]:
    trust = " ".join(f"{variable}={steps.BUNDLE}" for variable in _BUNDLE_VARIABLES)
    lines = []
    if packages.apt:
        lines.append(f"RUN sh {steps.FOLDER}/require apt {words('apt', packages.apt, environment=name)}")
    if packages.pip:
        # Into the system's Python rather than a virtual environment: `python3` and the programs are then the same in
        # every kind of shell, and the image is thrown away whole. Said by variable, since older pips lack the option.
        quiet = "PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1"
        lines.append(
            f"ARG {INDEX_ARGUMENTS['pip']}\n"
            f"RUN sh {steps.FOLDER}/require pip \\\n"
            f" && {trust} {quiet} \\\n"
            f"    python3 -m pip install --no-cache-dir -- {words('pip', packages.pip, environment=name)}"
        )
    if packages.npm:
        lines.append(
            f"ARG {INDEX_ARGUMENTS['npm']}\n"
            f"RUN sh {steps.FOLDER}/require npm \\\n"
            f" && {trust} \\\n"
            f"    npm install --global --no-audit --no-fund -- {words('npm', packages.npm, environment=name)} \\\n"
            " && npm cache clean --force"
        )
    return lines


def _closing(spec: EnvironmentSpec, base: Base, build: str, kind: str) -> list[str]:
    """Labels last, in one step: what only they say never rebuilds a layer."""
    fixed = {
        labels.KIND: kind,
        labels.ENVIRONMENT: spec.name,
        labels.BUILD: build[:SHOWN_DIGITS],
        labels.BASE: base.reference,
        **({labels.BOOTSTRAPPED: "true"} if base.bootstrapped else {}),
    }
    pairs = [f'{key}="{value}"' for key, value in fixed.items()]
    given = {
        labels.STACK: STACK_ARGUMENT,
        labels.GENERATION: GENERATION_ARGUMENT,
        labels.RECIPE: RECIPE_ARGUMENT,
        labels.BASE_DIGEST: BASE_DIGEST_ARGUMENT,
    }
    pairs += [f'{key}="${argument}"' for key, argument in given.items()]
    return [*(f"ARG {argument}" for argument in given.values()), "LABEL " + " \\\n      ".join(pairs)]


def _make_folder(folder: Path, top: Path) -> None:
    top.parent.mkdir(parents=True, exist_ok=True)
    for one in [*reversed([up for up in folder.parents if up.is_relative_to(top)]), folder]:
        if one.is_symlink() or (one.exists() and not one.is_dir()):
            one.unlink()
        one.mkdir(exist_ok=True)
        if one.stat().st_mode & 0o7777 != 0o755:
            one.chmod(0o755)


def _is_written(path: Path, file: ContextFile) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    return path.stat().st_mode & 0o7777 == file.mode and path.read_bytes() == file.content


def _replace(path: Path, file: ContextFile, *, scratch: Path) -> None:
    import tempfile

    # The temporary file lies outside the context: Pulumi may be hashing that folder at this moment.
    handle, temporary = tempfile.mkstemp(prefix=".context-", dir=scratch)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(file.content)
        Path(temporary).chmod(file.mode)
        if path.is_dir() and not path.is_symlink():
            _drop_strays(path, set())
            path.rmdir()
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _drop_strays(folder: Path, wanted: set[Path]) -> None:
    kept = {parent for path in wanted for parent in path.parents}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if path not in kept:
                path.rmdir()
        elif path not in wanted:
            path.unlink(missing_ok=True)
