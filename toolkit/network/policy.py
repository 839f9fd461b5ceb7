"""From a declared network to its policy: the one place where level, lists, secrets, preset and site come together."""

from __future__ import annotations

from toolkit.model.environment import Access
from toolkit.model.policy import (
    ANY_ADDRESS,
    ANY_NAME,
    ANY_SINGLE_LABEL,
    NOTHING_ELSE,
    SPECIAL_USE,
    Policy,
    Rule,
    RuleKind,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from toolkit.model.environment import NetworkSpec
    from toolkit.model.policy import Preset, SiteRegistry

BUILT_IN = "built in"
"""The source of what no file can change."""


def compile_policy(
    network: NetworkSpec,
    *,
    path: str,
    places: Mapping[str, str],
    preset: Preset,
    registries: Iterable[SiteRegistry],
) -> Policy:
    """The rules in their order. Pure, and total: what a level has no use for is left out.

    `path` is the declaration's; `places` says where in which file each value stands, by dotted pointer
    (`network.deny.0` → `envs/web.yaml:9:5`), and may lack what is not written.
    """
    level = places.get("network.access", f"{path}:1:1")
    uses_defaults = network.access is Access.TRUSTED or (network.access is Access.CUSTOM and network.include_defaults)
    rules = [_built_in(RuleKind.MALFORMED, "(no URL)")]
    if network.access is Access.NONE:  # no scheme, port or name is better than another there
        rules += [*_denied(network, path, places), *_addresses()]
    else:
        rules.append(_built_in(RuleKind.SCHEME, "(other than http, https, ws, wss)"))
        rules += [*_denied(network, path, places), *_addresses()]
        rules.append(_built_in(RuleKind.PORT, "(other than 80 for http and ws, 443 for https and wss)"))
        rules += _secrets(network, path, places)
    if network.access is Access.CUSTOM:
        rules += _listed(RuleKind.ALLOW, "network.allow", network.allow, path, places)
    if uses_defaults:
        rules += [*_preset(preset), *_registries(registries)]
    if network.access is Access.FULL:
        rules.append(Rule(kind=RuleKind.LEVEL, pattern=ANY_NAME, source=level))
    return Policy(
        level=network.access,
        rules=tuple(rules),
        default=Rule(kind=RuleKind.DEFAULT, pattern=NOTHING_ELSE, source=level),
        preset=preset.version if uses_defaults else "",
    )


def _denied(network: NetworkSpec, path: str, places: Mapping[str, str]) -> Iterator[Rule]:
    return _listed(RuleKind.DENY, "network.deny", network.deny, path, places)


def _addresses() -> Iterator[Rule]:
    yield _built_in(RuleKind.ADDRESS, ANY_ADDRESS)
    for name in SPECIAL_USE:
        yield _built_in(RuleKind.ADDRESS, name)
        yield _built_in(RuleKind.ADDRESS, f"*.{name}")
    yield _built_in(RuleKind.ADDRESS, ANY_SINGLE_LABEL)


def _secrets(network: NetworkSpec, path: str, places: Mapping[str, str]) -> Iterator[Rule]:
    for index, secret in enumerate(network.secrets):
        pointer = f"network.secrets.{index}.hosts"
        yield from _listed(RuleKind.SECRET, pointer, secret.hosts, path, places, group=secret.name)


def _preset(preset: Preset) -> Iterator[Rule]:
    for group, names in preset.groups:
        source = f"preset {preset.version}, group {group}"
        for name in names:
            yield Rule(kind=RuleKind.PRESET, pattern=name, source=source, group=group)


def _registries(registries: Iterable[SiteRegistry]) -> Iterator[Rule]:
    for one in registries:
        source = f"site.registries.{one.client} ({one.source})"
        yield Rule(kind=RuleKind.REGISTRY, pattern=one.host.lower(), source=source, group=one.client)


def _listed(
    kind: RuleKind, pointer: str, names: Iterable[str], path: str, places: Mapping[str, str], *, group: str = ""
) -> Iterator[Rule]:
    for index, name in enumerate(names):
        source = places.get(f"{pointer}.{index}", f"{path}:1:1")
        yield Rule(kind=kind, pattern=name.lower(), source=source, group=group)


def _built_in(kind: RuleKind, pattern: str) -> Rule:
    return Rule(kind=kind, pattern=pattern, source=BUILT_IN)
