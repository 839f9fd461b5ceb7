"""Settings as typed values, and where each was stated."""

from __future__ import annotations

from toolkit.record import Record
from toolkit.settings.setting import Setting

__all__ = ["EgressSettings", "Registries", "RemoteSettings", "Setting", "Settings", "SiteSettings"]


class RemoteSettings(Record):
    default_environment: str | None = None
    account: str | None = None


class Registries(Record):
    """Hosts of the package registries that this site's own clients use."""

    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    cargo: tuple[str, ...] = ()
    maven: tuple[str, ...] = ()
    apt: tuple[str, ...] = ()

    def by_client(self) -> dict[str, tuple[str, ...]]:
        """Client → its hosts, clients without any left out."""
        return {name: hosts for name in type(self).record_fields if (hosts := getattr(self, name))}


class EgressSettings(Record):
    """`network`: an existing engine network for the gateways' outer leg; `dns`: addresses of their resolvers."""

    network: str | None = None
    dns: tuple[str, ...] = ()


class SiteSettings(Record):
    """`ca_certificates`: absolute file paths and the word `host`; `subnets`: IPv4 networks in CIDR notation."""

    ca_certificates: tuple[str, ...] = ()
    registries: Registries = Registries()
    image_registry: str | None = None
    subnets: tuple[str, ...] = ()
    egress: EgressSettings = EgressSettings()


class Settings(Record):
    """All layers together; `stated` holds every value of every file, highest layer first."""

    remote: RemoteSettings = RemoteSettings()
    site: SiteSettings = SiteSettings()
    stated: tuple[Setting, ...] = ()

    def origins(self, *pointer: str) -> tuple[Setting, ...]:
        """Who states this key (`origins("site", "subnets")`), highest first: the first scalar wins, lists merge."""
        return tuple(one for one in self.stated if one.pointer == pointer)
