"""The part of a Dockerfile that an image's base and packages are: written, and read where it is written plainly."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolkit.model.environment import ImageSpec

CERTIFICATES = "certificates"
"""The folder beside the Dockerfile that holds the CA certificates."""

_APT = "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends"
_APT_CLEAN = "rm -rf /var/lib/apt/lists/*"
_INSTALLERS = {
    "certificates": f"command -v update-ca-certificates || (apt-get update && {_APT} ca-certificates && {_APT_CLEAN})",
    "pip": f"python3 -m pip --version || (apt-get update && {_APT} python3-pip && {_APT_CLEAN})",
    "npm": f"command -v npm || (apt-get update && {_APT} nodejs npm && {_APT_CLEAN})",
}
"""What a package manager needs first; no package of the environment's own."""

_FLAGS = {
    "apt": frozenset({"-y", "--yes", "--assume-yes", "-q", "-qq", "-yq", "-qy", "-yqq", "--no-install-recommends"}),
    "pip": frozenset({"--no-cache-dir", "-U", "--upgrade", "-q", "--quiet", "--break-system-packages"}),
    "npm": frozenset({"-g", "--global", "--no-audit", "--no-fund"}),
}
_INSTALLS = (
    ("apt", re.compile(r"(sudo )?apt(-get)? (-\S+ )*install\b")),
    ("pip", re.compile(r"(python3? -m )?pip3? install\b")),
    ("npm", re.compile(r"npm (-g )?(install|i)\b")),
)
_TIDYING = re.compile(
    r"(sudo )?(apt(-get)? (-\S+ )*(update|clean)( -\S+)*|rm -rf /var/lib/apt/lists/\S*|npm cache clean.*)"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*=\S* )+")
_SHELL = re.compile(r"[|;<>`$(){}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a Dockerfile says of base and packages; `rest` are its other instructions: line → text."""

    base: str
    packages: dict[str, list[str]]
    rest: tuple[tuple[int, str], ...]


def needed(image: ImageSpec) -> bool:
    packages = image.packages
    return bool(packages.apt or packages.pip or packages.npm or image.ca_certificates)


def render(image: ImageSpec) -> str:
    """Base, trusted CAs and packages; certificates lie in `certificates/` beside it."""
    packages = image.packages
    lines = [f"FROM {image.base}", "USER root"]
    if image.ca_certificates:
        lines.append(f"RUN {_INSTALLERS['certificates']}")
        lines.append(f"COPY {CERTIFICATES}/ /usr/local/share/ca-certificates/")
        lines.append("RUN update-ca-certificates")
    if packages.apt:
        lines.append(f"RUN apt-get update && {_APT} -- {_words(packages.apt)} && {_APT_CLEAN}")
    if packages.pip:
        lines.append(f"RUN {_INSTALLERS['pip']}")
        # Into the system's Python, as in a session's image; by variable, since older pips lack the option.
        install = "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --no-cache-dir"
        lines.append(f"RUN {install} -- {_words(packages.pip)}")
    if packages.npm:
        lines.append(f"RUN {_INSTALLERS['npm']}")
        lines.append(
            f"RUN npm install --global --no-audit --no-fund -- {_words(packages.npm)} && npm cache clean --force"
        )
    return "\n".join(lines) + "\n"


def read(text: str) -> Stage:
    """The base and the plainly written installs; a Dockerfile of several stages has no base of its own for us."""
    packages: dict[str, list[str]] = {manager: [] for manager in _FLAGS}
    rest: list[tuple[int, str]] = []
    base, stages = "", 0
    for line, instruction in _instructions(text):
        word, _, arguments = instruction.partition(" ")
        if word.upper() == "FROM" and (found := re.fullmatch(r"(\S+)( (?i:as) \S+)?", arguments.strip())):
            base, stages = found[1], stages + 1
            continue
        if word.upper() == "USER" and arguments.strip() in {"root", "0"}:
            continue
        installs = _installs(arguments) if word.upper() == "RUN" else None
        if installs is None:
            rest.append((line, instruction))
        for manager, names in installs or ():
            packages[manager] += [name for name in names if name not in packages[manager]]
    if stages != 1:
        return Stage(base="", packages={}, rest=((1, f"{stages} stages"),))
    return Stage(base=base, packages={key: names for key, names in packages.items() if names}, rest=tuple(rest))


def _words(packages: tuple[str, ...]) -> str:
    return " ".join(shlex.quote(one) for one in dict.fromkeys(packages))


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """The line of each instruction and its text in one line, blanks joined; comments and empty lines left out."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        first = first if parts else number
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            yield first, " ".join(parts)
            parts = []
    if parts:
        yield first, " ".join(parts)


def _installs(command: str) -> list[tuple[str, list[str]]] | None:
    """The packages that a RUN installs; None where it does anything else."""
    if command in _INSTALLERS.values():
        return []
    found: list[tuple[str, list[str]]] = []
    for part in command.split("&&"):
        step = _ASSIGNMENT.sub("", part.strip(), count=1) if _ASSIGNMENT.match(part.strip()) else part.strip()
        if _TIDYING.fullmatch(step):
            continue
        install = _install(step)
        if install is None:
            return None
        found.append(install)
    return found


def _install(step: str) -> tuple[str, list[str]] | None:
    for manager, pattern in _INSTALLS:
        start = pattern.match(step)
        if start is None:
            continue
        try:
            words = shlex.split(step[start.end() :])
        except ValueError:
            return None
        flags, names = _split_words(words)
        known = all(one in _FLAGS[manager] for one in flags)
        # Quoted, these are parts of a version; bare, the shell would act on them.
        bare = re.sub(r"'[^']*'|\"[^\"$`]*\"", "", step)
        is_global = manager != "npm" or {"-g", "--global"} & {*flags, *start[0].split()}
        return (manager, names) if known and names and is_global and not _SHELL.search(bare) else None
    return None


def _split_words(words: list[str]) -> tuple[list[str], list[str]]:
    end = words.index("--") if "--" in words else len(words)
    before, after = words[:end], words[end + 1 :]
    return [one for one in before if one.startswith("-")], [one for one in before if not one.startswith("-")] + after
