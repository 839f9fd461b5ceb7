"""An environment as declared: the typed form of `envs/<name>.yaml` with all defaults applied."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Access(StrEnum):
    """How far the network of a session reaches (product levels; `limited` is read as trusted)."""

    NONE = "none"
    TRUSTED = "trusted"
    FULL = "full"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where on the host a secret's value comes from: exactly one of the three is set."""

    env: str = ""
    file: str = ""
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSpec:
    """What the gateway adds to requests to `hosts`: the secret, after `prefix`, in `header`."""

    name: str
    hosts: tuple[str, ...]
    header: str
    prefix: str = ""
    source: SecretSource


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """What sessions reach; domains in lower case, `*.` for all subdomains."""

    access: Access = Access.TRUSTED
    allow: tuple[str, ...] = ()
    include_defaults: bool = False
    deny: tuple[str, ...] = ()
    secrets: tuple[SecretSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """Names of packages by their manager."""

    apt: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A CA certificate file: its name and its PEM text."""

    name: str
    pem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSpec:
    """What the image is made of."""

    base: str = "debian:bookworm-slim"
    packages: Packages = field(default_factory=Packages)
    ca_certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSpec:
    """The setup script's text (empty: none) and its limits in seconds."""

    script: str = ""
    timeout: float = 300.0
    max_age: float = 7 * 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSpec:
    """A command of an event; `matcher` empty: at every start. `timeout` in seconds."""

    matcher: str = ""
    command: str
    timeout: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """A preset by name (`shell`, `claude`, `codex`), or a command of the environment's own.

    `command` and `next` are argv with `{task}` where the task text goes; `next` empty means `command` again.
    """

    preset: str = "shell"
    command: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesSpec:
    """Limits of a session: CPUs, bytes of memory and disk, number of processes; None: the engine's own."""

    cpus: float | None = None
    memory: int | None = None
    disk: int | None = None
    pids: int = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLimits:
    """Seconds until an idle session ends, and until any session ends."""

    idle_timeout: float = 1800.0
    max_age: float = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSpec:
    """What the git gateway lets through: names or globs of branches, and tags."""

    branches: tuple[str, ...] = ("session",)
    tags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentSpec:
    """The effective declaration; `revision` is 64 hex digits, `path` relative to the root."""

    name: str
    path: str
    revision: str
    description: str = ""
    archived: bool = False
    network: NetworkSpec = field(default_factory=NetworkSpec)
    variables: tuple[tuple[str, str], ...] = ()
    image: ImageSpec = field(default_factory=ImageSpec)
    setup: SetupSpec = field(default_factory=SetupSpec)
    session_start: tuple[HookSpec, ...] = ()
    agent: AgentSpec = field(default_factory=AgentSpec)
    resources: ResourcesSpec = field(default_factory=ResourcesSpec)
    session: SessionLimits = field(default_factory=SessionLimits)
    push: PushSpec = field(default_factory=PushSpec)


SHOWN_DIGITS = 12
"""Hex digits of a revision or build that people see and labels carry."""
