"""Settings as typed values, and where each was stated."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolkit.settings.setting import Setting

__all__ = ["EgressSettings", "Registries", "RemoteSettings", "Setting", "Settings", "SiteSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    default_environment: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registries:
    """Hosts of the package registries that this site's own clients use."""

    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    cargo: tuple[str, ...] = ()
    maven: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()

    def by_client(self) -> dict[str, tuple[str, ...]]:
        """Client → its hosts, clients without any left out."""
        return {name: hosts for name in self.__slots__ if (hosts := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSettings:
    """`network`: an existing engine network for the gateways' outer leg; `dns`: addresses of their resolvers."""

    network: str | None = None
    dns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """`ca_certificates`: absolute file paths and the word `host`; `subnets`: IPv4 networks in CIDR notation."""

    ca_certificates: tuple[str, ...] = ()
    registries: Registries = field(default_factory=Registries)
    image_registry: str | None = None
    subnets: tuple[str, ...] = ()
    egress: EgressSettings = field(default_factory=EgressSettings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All layers together; `stated` holds every value of every file, highest layer first."""

    remote: RemoteSettings = field(default_factory=RemoteSettings)
    site: SiteSettings = field(default_factory=SiteSettings)
    stated: tuple[Setting, ...] = ()

    def origins(self, *pointer: str) -> tuple[Setting, ...]:
        """Who states this key (`origins("site", "subnets")`), highest first: the first scalar wins, lists merge."""
        return tuple(one for one in self.stated if one.pointer == pointer)
