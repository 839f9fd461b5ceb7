"""The package indexes that this host's own pip and npm are set to, as build arguments: a mirror serves builds too."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.provision.context import INDEX_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.environment import Packages

_NPM_REGISTRY = re.compile(r"^\s*registry\s*=\s*(\S+)\s*$", re.MULTILINE)


def build_arguments(packages: Packages) -> dict[str, str]:
    """`PIP_INDEX_URL` and `NPM_CONFIG_REGISTRY` where this host sets them and the environment has such packages.

    An address with a name or password in it is left out: build arguments stay in the image's history and in Pulumi's
    state.
    """
    found = {
        INDEX_ARGUMENTS["pip"]: _pip_index() if packages.pip else "",
        INDEX_ARGUMENTS["npm"]: _npm_registry() if packages.npm else "",
    }
    return {name: url for name, url in found.items() if url and _is_plain(url)}


def _is_plain(url: str) -> bool:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def _pip_index() -> str:
    given = os.environ.get("PIP_INDEX_URL", "")
    if given:
        return given
    import configparser

    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    files = [Path("/etc/pip.conf"), Path.home() / ".pip" / "pip.conf", config / "pip" / "pip.conf"]
    own = os.environ.get("PIP_CONFIG_FILE", "")
    for path in reversed([*files, *([Path(own)] if own else [])]):  # pip reads them in this order, the last one wins
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue
        for section in ("install", "global"):
            url = parser.get(section, "index-url", fallback="")
            if url:
                return url.strip()
    return ""


def _npm_registry() -> str:
    names: Mapping[str, str] = {key.lower(): value for key, value in os.environ.items()}
    given = names.get("npm_config_registry", "")
    if given:
        return given
    for path in (Path(names.get("npm_config_userconfig") or Path.home() / ".npmrc"), Path("/etc/npmrc")):
        try:
            match = _NPM_REGISTRY.search(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if match:
            return match[1]
    return ""
