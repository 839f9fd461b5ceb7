"""Addresses of repositories: what git takes, told apart, and the same repository recognised in its different forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# scp's form: a colon before the first slash; `C:\…` is no host
_SCP = re.compile(r"^(?:(?P<user>[^/@\s:]+)@)?(?P<host>[^/:\s]{2,}|\[[0-9a-f:]+\]):(?P<path>(?!//).+)$", re.IGNORECASE)
_PORTS = {"ssh": 22, "http": 80, "https": 443, "git": 9418}
_SAME = {"git+ssh": "ssh", "ssh+git": "ssh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`scheme` is http, https, ssh, git or path; the rest is empty where the form has no such part.

    `path` is without a slash at its beginning, but for scheme path, where it is the folder. `text` is what git takes.
    """

    scheme: str
    text: str
    user: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""

    @property
    def identity(self) -> str:
        """Equal for all forms of one repository: `host/owner/name`, or the real path."""
        if self.scheme == "path":
            return _folder_identity(self.path)
        port = "" if self.port is None or self.port == _PORTS.get(self.scheme) else f":{self.port}"
        return f"{self.host.lower()}{port}/{_bare_path(self.path)}"

    @property
    def owner_and_name(self) -> str:
        """`owner/name`, the whole path where owners are nested."""
        return _bare_path(self.path) if self.scheme != "path" else Path(_bare_path(self.path)).name

    @property
    def name(self) -> str:
        return self.owner_and_name.rpartition("/")[2]


def parse(text: str, *, base: Path | None = None) -> Address:
    """The parts of an address as `git clone` takes it; a relative path is below `base`."""
    if _SCHEME.match(text):
        parts = urlsplit(text)
        scheme = _SAME.get(parts.scheme.lower(), parts.scheme.lower())
        if scheme == "file":
            return Address(scheme="path", text=text, path=unquote(parts.path))
        return Address(
            scheme=scheme,
            text=text,
            user=unquote(parts.username or ""),
            host=parts.hostname or "",
            port=parts.port,
            path=parts.path.lstrip("/"),
        )
    match = _SCP.match(text)
    if match and not Path(text).exists():
        return Address(
            scheme="ssh",
            text=text,
            user=match["user"] or "",
            host=match["host"].strip("[]"),
            path=match["path"].lstrip("/"),
        )
    folder = Path(text).expanduser()
    return Address(scheme="path", text=text, path=str(base / folder if base else folder))


def is_address(text: str) -> bool:
    """Whether it names a repository elsewhere, rather than a folder here."""
    return bool(_SCHEME.match(text) or (_SCP.match(text) and not Path(text).exists()))


def shown(text: str) -> str:
    """The address without password and query; for http(s) without the user name too, which may be a token."""
    if "://" not in text:
        return text
    parts = urlsplit(text)
    place = parts.netloc.rpartition("@")[2]
    user = parts.username or ""
    if user and parts.scheme not in {"http", "https"}:
        place = f"{user}@{place}"
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _bare_path(path: str) -> str:
    return path.strip("/").removesuffix(".git").rstrip("/")


def _folder_identity(path: str) -> str:
    """A checkout and its .git folder are one repository."""
    real = Path(path).resolve()
    return str(real.parent if real.name == ".git" else real)
