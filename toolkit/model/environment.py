"""An environment as declared: the typed form of `envs/<name>.yaml` with all defaults applied."""

from __future__ import annotations

from enum import StrEnum

from toolkit.record import Record


class Access(StrEnum):
    """How far the network of a session reaches (product levels; `limited` is read as trusted)."""

    NONE = "none"
    TRUSTED = "trusted"
    FULL = "full"
    CUSTOM = "custom"


class SecretSource(Record):
    """Where on the host a secret's value comes from: exactly one of the three is set."""

    env: str = ""
    file: str = ""
    command: tuple[str, ...] = ()


class SecretSpec(Record):
    """What the gateway adds to requests to `hosts`: the secret, after `prefix`, in `header`."""

    name: str
    hosts: tuple[str, ...]
    header: str
    prefix: str = ""
    source: SecretSource


class NetworkSpec(Record):
    """What sessions reach; domains in lower case, `*.` for all subdomains."""

    access: Access = Access.TRUSTED
    allow: tuple[str, ...] = ()
    include_defaults: bool = False
    deny: tuple[str, ...] = ()
    secrets: tuple[SecretSpec, ...] = ()


class Packages(Record):
    """Names of packages by their manager."""

    apt: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()


class Certificate(Record):
    """A CA certificate file: its name and its PEM text."""

    name: str
    pem: str


class ImageSpec(Record):
    """What the image is made of."""

    base: str = "debian:bookworm-slim"
    packages: Packages = Packages()
    ca_certificates: tuple[Certificate, ...] = ()


class SetupSpec(Record):
    """The setup script's text (empty: none) and its limits in seconds."""

    script: str = ""
    timeout: float = 300.0
    max_age: float = 7 * 86400.0


class HookSpec(Record):
    """A command of an event; `matcher` empty: at every start. `timeout` in seconds."""

    matcher: str = ""
    command: str
    timeout: float = 600.0


class AgentSpec(Record):
    """A preset by name (`shell`, `claude`, `codex`), or a command of the environment's own.

    `command` and `next` are argv with `{task}` where the task text goes; `next` empty means `command` again.
    """

    preset: str = "shell"
    command: tuple[str, ...] = ()
    next: tuple[str, ...] = ()


class ResourcesSpec(Record):
    """Limits of a session: CPUs, bytes of memory and disk, number of processes; None: the engine's own."""

    cpus: float | None = None
    memory: int | None = None
    disk: int | None = None
    pids: int = 2048


class SessionLimits(Record):
    """Seconds until an idle session ends, and until any session ends."""

    idle_timeout: float = 1800.0
    max_age: float = 86400.0


class PushSpec(Record):
    """What the git gateway lets through: names or globs of branches, and tags."""

    branches: tuple[str, ...] = ("session",)
    tags: bool = False


class CheckSpec(Record):
    """A command that `toolkit verify` runs inside, and how it must end.

    `stdout`: the whole of it, newlines at its end aside; `stdout_matches`: an expression that is found in it; None:
    anything. `timeout` in seconds.
    """

    name: str = ""
    run: str
    stdout: str | None = None
    stdout_matches: str | None = None
    exit_code: int = 0
    timeout: float = 60.0

    @property
    def title(self) -> str:
        """What people call it: its name, else the first line of its command."""
        return self.name or self.run.strip().partition("\n")[0]


class EnvironmentSpec(Record):
    """The effective declaration; `revision` is 64 hex digits, `path` relative to the root."""

    name: str
    path: str
    revision: str
    description: str = ""
    archived: bool = False
    network: NetworkSpec = NetworkSpec()
    variables: tuple[tuple[str, str], ...] = ()
    image: ImageSpec = ImageSpec()
    setup: SetupSpec = SetupSpec()
    session_start: tuple[HookSpec, ...] = ()
    agent: AgentSpec = AgentSpec()
    resources: ResourcesSpec = ResourcesSpec()
    session: SessionLimits = SessionLimits()
    push: PushSpec = PushSpec()
    verify: tuple[CheckSpec, ...] = ()


SHOWN_DIGITS = 12
"""Hex digits of a revision or build that people see and labels carry."""
