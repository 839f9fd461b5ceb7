"""The package registries that this site's own clients use, asked of the clients: what is not known here can't be wrong.

Each client that is present answers with its configuration, else with the default that it carries. Every question is
bounded in time, and one that fails gives nothing: setup goes on without that client's hosts.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from toolkit import process
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_SECONDS = 30.0
_HOST = re.compile(r"^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62}$")
_PIP_OPTION = re.compile(r"^[^=]*\.(?:extra-)?index-url=(['\"])(?P<urls>.*)\1$", re.MULTILINE)
_PIP_OWN_INDEX = re.compile(r"^[^=]*\.index-url=", re.MULTILINE)
_PIP_DEFAULT = "from pip._internal.models.index import PyPI; print(PyPI.simple_url, PyPI.file_storage_domain)"
_APT_FORMAT = ("--format", "$(SITE)", "Created-By: Packages")
_MAVEN_MODEL = "org/apache/maven/model/pom-4.0.0.xml"
_CARGO_PROBE = '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nlibc = "*"\n'


def discover() -> dict[str, tuple[str, ...]]:
    """Client (pip, npm, go, cargo, maven, apt) → hosts, sorted; clients that are absent or silent are left out."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(_CLIENTS)) as pool:  # each is a start of node, a JVM or the like
        answers = zip(_CLIENTS, pool.map(_hosts, _CLIENTS.values()), strict=True)
        return {client: hosts for client, hosts in answers if hosts}


def hosts_of(addresses: Iterable[str]) -> tuple[str, ...]:
    """The host names of addresses (or bare names), lower case, each once; no IP addresses, files or credentials."""
    names = set()
    for address in addresses:
        with suppress(ValueError):  # urlsplit on a broken IPv6 address
            names.add((urlsplit(address if "://" in address else f"//{address}").hostname or "").rstrip("."))
    return tuple(sorted(name for name in names if _HOST.match(name)))


def pip_addresses(configured: str, default: str) -> list[str]:
    """From `pip config list`, and what pip's own module says (index and file host) where no index is configured."""
    own = [url for match in _PIP_OPTION.finditer(configured) for url in match["urls"].replace("\\n", " ").split()]
    return own if _PIP_OWN_INDEX.search(configured) else [*own, *default.split()]


def npm_addresses(configured: str) -> list[str]:
    """From `npm config list --json`: the registry, and those of scopes."""
    settings = json.loads(configured)
    return [url for key, url in settings.items() if key.rpartition(":")[2] == "registry" and isinstance(url, str)]


def go_addresses(configured: str) -> list[str]:
    """From `go env -json`: the module proxies and the checksum database."""
    settings = json.loads(configured)
    proxies = [word for word in re.split(r"[,|]", settings.get("GOPROXY", "")) if "://" in word]
    # `name`, `name+key`, `name address` or `off`
    database = settings.get("GOSUMDB", "").split()
    return [*proxies, *([database[-1].partition("+")[0]] if database and database != ["off"] else [])]


def cargo_addresses(configurations: Iterable[str]) -> tuple[list[str], bool]:
    """From Cargo's configuration files, and whether its own default registry is replaced by one of them."""
    addresses: list[str] = []
    replaced = False
    for text in configurations:
        settings = tomllib.loads(text)
        sources = settings.get("source", {})
        replaced = replaced or "replace-with" in sources.get("crates-io", {})
        tables = [*sources.values(), *settings.get("registries", {}).values()]
        addresses += [table[key] for table in tables for key in ("registry", "index") if key in table]
    return [address.removeprefix("sparse+") for address in addresses], replaced


def cargo_index(text: str) -> list[str]:
    """From the index's own config.json: where crates and the API are."""
    settings = json.loads(text)
    return [settings[key] for key in ("dl", "api") if isinstance(settings.get(key), str)]


def maven_addresses(text: str) -> tuple[list[str], bool]:
    """From settings.xml or a POM: repositories and mirrors, and whether a mirror stands for all of them."""
    root = ET.fromstring(text)  # noqa: S314 -- the user's own file, or the one that Maven carries
    urls = [
        (node.findtext(f"{space}url") or "").strip()
        for space in {(re.match(r"\{.*\}", root.tag) or [""])[0]}
        for kind in ("mirror", "repository", "pluginRepository")
        for node in root.iter(f"{space}{kind}")
    ]
    covers = [(node.text or "").strip() for node in root.iter() if node.tag.rpartition("}")[2] == "mirrorOf"]
    return urls, any(word in {"*", "central", "external:*"} for word in covers)


def _hosts(ask: Callable[[], list[str]]) -> tuple[str, ...]:
    try:
        return hosts_of(ask())
    except (ToolkitError, OSError, ValueError, ET.ParseError):  # a broken configuration is that client's own business
        return ()


def _ask_pip() -> list[str]:
    for python in (sys.executable, process.which("python3")):
        if python is None:
            continue
        configured = process.run((python, "-m", "pip", "config", "list"), timeout=_SECONDS, check=False)
        if configured.returncode == 0:
            default = process.run((python, "-c", _PIP_DEFAULT), timeout=_SECONDS, check=False)
            return pip_addresses(configured.stdout, default.stdout)
    return []


def _ask_npm() -> list[str]:
    return npm_addresses(_said("npm", "config", "list", "--json") or "{}")


def _ask_go() -> list[str]:
    return go_addresses(_said("go", "env", "-json", "GOPROXY", "GOSUMDB") or "{}")


def _ask_apt() -> list[str]:
    return _said("apt-get", "indextargets", *_APT_FORMAT).split()


def _ask_cargo() -> list[str]:
    if process.which("cargo") is None:
        return []
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    files = [home / name for name in ("config.toml", "config")]
    addresses, replaced = cargo_addresses(path.read_text(encoding="utf-8") for path in files if path.is_file())
    variables = [url.removeprefix("sparse+") for url in _index_variables(os.environ)]
    return [*addresses, *variables, *([] if replaced else _cargo_default(home))]


def _index_variables(environment: Mapping[str, str]) -> Iterator[str]:
    return (url for name, url in environment.items() if re.fullmatch(r"CARGO_REGISTRIES_\w+_INDEX", name))


def _cargo_default(home: Path) -> list[str]:
    """Cargo prints its default index nowhere, but names a folder after it once it was asked for a crate."""
    found = _read_index(home)
    if found:
        return found
    with TemporaryDirectory() as folder:
        project = Path(folder)
        (project / "src").mkdir()
        (project / "src" / "lib.rs").touch()
        (project / "Cargo.toml").write_text(_CARGO_PROBE)
        argv = ("cargo", "generate-lockfile")
        with suppress(ToolkitError):  # too slow: what is configured still counts
            process.run(argv, timeout=_SECONDS, cwd=project, env={"CARGO_NET_RETRY": "0"}, check=False)
    return _read_index(home)


def _read_index(home: Path) -> list[str]:
    found: list[str] = []
    for folder in sorted((home / "registry" / "index").glob("*-*")):
        found.append(folder.name.rpartition("-")[0])
        if (folder / "config.json").is_file():
            found += cargo_index((folder / "config.json").read_text(encoding="utf-8"))
    return found


def _ask_maven() -> list[str]:
    said = _said("mvn", "--version")
    match = re.search(r"Maven home: (.+)", re.sub(r"\x1b\[[0-9;]*m", "", said))
    if match is None:
        return []
    home = Path(match[1].strip())
    addresses: list[str] = []
    mirrored = False
    for path in (Path.home() / ".m2" / "settings.xml", home / "conf" / "settings.xml"):
        if path.is_file():
            urls, covers = maven_addresses(path.read_text(encoding="utf-8"))
            addresses += urls
            mirrored = mirrored or covers
    return addresses if mirrored else [*addresses, *_maven_default(home)]


def _maven_default(home: Path) -> list[str]:
    for jar in sorted((home / "lib").glob("maven-model-builder-*.jar")):
        with suppress(KeyError, zipfile.BadZipFile), zipfile.ZipFile(jar) as archive:
            return maven_addresses(archive.read(_MAVEN_MODEL).decode())[0]
    return []


def _said(program: str, *arguments: str) -> str:
    """A client's stdout; empty where it is not installed or fails."""
    if process.which(program) is None:
        return ""
    done = process.run((program, *arguments), timeout=_SECONDS, check=False)
    return done.stdout if done.returncode == 0 else ""


_CLIENTS: dict[str, Callable[[], list[str]]] = {
    "pip": _ask_pip,
    "npm": _ask_npm,
    "go": _ask_go,
    "cargo": _ask_cargo,
    "maven": _ask_maven,
    "apt": _ask_apt,
}
