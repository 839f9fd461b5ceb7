"""What a session's egress gateway is made of: policy and secrets as Squid's files, the site's network, the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit import settings
from toolkit.model.event import ignore
from toolkit.model.gateway import GatewayAddresses, GatewayFile
from toolkit.network import policy_record, refused
from toolkit.network.squid import squid_files
from toolkit.sessions import host_network
from toolkit.sessions.gateway_plan import GatewayPlan, order_file
from toolkit.workflows import builds, secrets
from toolkit.workflows.network import policy_of
from toolkit.workflows.pulling import gateway_image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.gateway import SecretHeader
    from toolkit.model.policy import Policy
    from toolkit.sessions.addresses import SessionAddresses


def plan(root: Path, engine: Engine, spec: EnvironmentSpec, *, with_secrets: bool = True) -> GatewayPlan:
    """The gateway of a new session of this environment, as declarations, settings and secrets stand now.

    `with_secrets` false: for a container that prepares a snapshot, which never gets any.

    Raises:
        ToolkitError: no image (the hint says how to have it), nothing approved, or a secret without a value.
    """
    policy = policy_of(root, spec.name)
    headers = secrets.read(root, spec) if with_secrets else ()
    site = settings.load(root).site
    image = gateway_image(root, builds.gateway_build(root), engine, ignore)

    def files(addresses: SessionAddresses) -> tuple[GatewayFile, ...]:
        return files_for(root, engine, policy, headers, addresses, environment=spec.name)

    return GatewayPlan(
        image=image,
        policy=policy.sha256,
        level=policy.level.value,
        files=files,
        trust=bool(headers),
        site_network=site.egress.network or "",
        dns=tuple(site.egress.dns),
    )


def files_for(
    root: Path,
    engine: Engine,
    policy: Policy,
    headers: Sequence[SecretHeader],
    addresses: SessionAddresses,
    *,
    environment: str,
) -> tuple[GatewayFile, ...]:
    """The gateway's files, with this host's own addresses and resolvers where the engine runs here too."""
    local = engine.local()
    dns = tuple(settings.load(root).site.egress.dns)
    return gateway_files(
        policy,
        headers,
        addresses,
        environment=environment,
        hosts=host_network.addresses() if local else (),
        resolvers=dns or (host_network.resolvers() if local else ()),
    )


def gateway_files(
    policy: Policy,
    headers: Sequence[SecretHeader],
    addresses: SessionAddresses,
    *,
    environment: str,
    hosts: Sequence[str],
    resolvers: Sequence[str],
    authorities: bytes = b"",
) -> tuple[GatewayFile, ...]:
    """All of the gateway's folder; pure. The policy lies there too: the one in force, and each by its SHA-256.

    `authorities`: as `squid_files` takes them.
    """
    own = tuple(f"{one}/32" for one in hosts)
    blackholes = (*(one for one in refused.REFUSED_IPV4 if not one.startswith("127.")), *own)
    known = GatewayAddresses(
        session=addresses.session,
        gateway=addresses.gateway,
        refused=(*refused.REFUSED_IPV4, *own, *refused.REFUSED_IPV6),
        resolvers=tuple(resolvers),
    )
    return (
        *squid_files(policy, known, headers, environment=environment, authorities=authorities),
        order_file(
            session=addresses.session,
            policy=policy.sha256,
            blackholes=blackholes,
            resolvers=resolvers,
            bumps=bool(headers),
        ),
        GatewayFile(path="policy.json", content=policy_record.written(policy)),
        GatewayFile(path=f"policies/{policy.sha256}.json", content=policy_record.written(policy)),
    )
