"""EnvironmentSpec → plain JSON values and back, for what is kept between commands."""

from __future__ import annotations

from toolkit.model.environment import (
    Access,
    AgentSpec,
    Certificate,
    CheckSpec,
    EnvironmentSpec,
    HookSpec,
    ImageSpec,
    NetworkSpec,
    Packages,
    PushSpec,
    ResourcesSpec,
    SecretSource,
    SecretSpec,
    SessionLimits,
    SetupSpec,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def record(spec: EnvironmentSpec) -> dict[str, Any]:
    """What `restore` makes the same spec of, also after a way through JSON."""
    from dataclasses import asdict

    return asdict(spec)


def restore(fields: Mapping[str, Any]) -> EnvironmentSpec:
    """The spec of its record; raises KeyError, TypeError, ValueError or AttributeError where it is none."""
    return EnvironmentSpec(
        **{key: fields[key] for key in ("name", "path", "revision", "description", "archived")},
        network=_network(fields["network"]),
        variables=tuple((str(key), str(value)) for key, value in fields["variables"]),
        image=_image(fields["image"]),
        setup=SetupSpec(**fields["setup"]),
        session_start=tuple(HookSpec(**one) for one in fields["session_start"]),
        agent=AgentSpec(**_tuples(fields["agent"], "command", "next")),
        resources=ResourcesSpec(**fields["resources"]),
        session=SessionLimits(**fields["session"]),
        push=PushSpec(**_tuples(fields["push"], "branches")),
        verify=tuple(CheckSpec(**one) for one in fields["verify"]),
    )


def _network(fields: dict[str, Any]) -> NetworkSpec:
    whole = _tuples(fields, "allow", "deny")
    secrets = tuple(_secret(one) for one in fields["secrets"])
    return NetworkSpec(**{**whole, "access": Access(fields["access"]), "secrets": secrets})


def _secret(fields: dict[str, Any]) -> SecretSpec:
    source = SecretSource(**_tuples(fields["source"], "command"))
    return SecretSpec(**{**_tuples(fields, "hosts"), "source": source})


def _image(fields: dict[str, Any]) -> ImageSpec:
    packages = Packages(**_tuples(fields["packages"], "apt", "pip", "npm"))
    certificates = tuple(Certificate(**one) for one in fields["ca_certificates"])
    return ImageSpec(base=fields["base"], packages=packages, ca_certificates=certificates)


def _tuples(fields: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {**fields, **{key: tuple(fields[key]) for key in keys}}
