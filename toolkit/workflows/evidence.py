"""What a verification has to go by: what was declared, and what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.model.audit import AuditTrail
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.gateway import SecretHeader
    from toolkit.model.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Hosts that the policy lets through, and hosts that it refuses, by http and by https alike."""

    allowed: tuple[str, ...]
    denied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfReach:
    """`address:port` of what answers others, and must not answer the session.

    `hosts` are this host's addresses on a port where the verification listens; `host_control` is the one of them that
    the peer outside can reach, unless a firewall keeps it away. Both are empty where the engine is elsewhere.
    """

    outside: str
    neighbour: str
    name_server: str
    hosts: tuple[str, ...] = ()
    host_control: str = ""

    @property
    def all(self) -> tuple[str, ...]:
        return (self.outside, self.neighbour, *self.hosts)

    @property
    def controls(self) -> tuple[str, ...]:
        return (self.outside, self.neighbour, *((self.host_control,) if self.host_control else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class HookPlan:
    """`order`: the marks that the hooks of a start leave, in the order of the hooks; `commands`: mark → what is run."""

    order: tuple[str, ...]
    commands: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOutcome:
    """`exit_code` None: it was cancelled."""

    origin: str
    command: str
    exit_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushPlan:
    """Branches, without refs/heads/: one that must be refused and one that must pass; empty: the rules have none."""

    refused: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request that reached the peer outside, `secure` by https; `headers` in the order in which they came."""

    host: str
    secure: bool
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlan:
    """What stands in the place of the secrets; `hosts`: those that are to get it and that the policy lets pass."""

    canaries: tuple[SecretHeader, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`seen`: what the session told of itself; `control`: what the peer outside could reach of the same.

    `arrived`: every request that did. `disk_unseen`: why the session's disk says nothing of a limit; empty: it does.
    `queried` are names that the peer was asked for; `image_labels` are those of the image that it ran on;
    `commands`: how the owner's own checks ended; `heads_before` and `heads`: branch → commit of the repository behind
    the git gateway. `seconds`: look → how long.
    """

    session: str
    project_dir: str
    spec: EnvironmentSpec
    policy: Policy
    samples: Samples
    places: OutOfReach
    hook_plan: HookPlan
    hooks: tuple[HookOutcome, ...]
    pushes: PushPlan
    secrets: SecretPlan
    seen: Mapping[str, Any]
    control: Mapping[str, Any]
    trail: AuditTrail
    arrived: tuple[Arrival, ...]
    disk_unseen: str
    queried: tuple[str, ...]
    build: str
    image_labels: Mapping[str, str]
    commands: tuple[Mapping[str, Any], ...]
    heads_before: Mapping[str, str]
    heads: Mapping[str, str]
    seconds: Mapping[str, float] = field(default_factory=dict)

    def reached(self, *, secure: bool) -> frozenset[str]:
        """The hosts whose requests reached the peer, by https or by http."""
        return frozenset(one.host for one in self.arrived if one.secure is secure)
