"""From level, lists, secrets, preset and site to rules in their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.environment import Access, NetworkSpec, SecretSource, SecretSpec
from toolkit.model.policy import Policy, Preset, Rule, RuleKind, SiteRegistry
from toolkit.network.policy import compile_policy
from toolkit.network.squid_names import name_lists

_PRESET = Preset(version="2000.01", groups=(("code", ("git.example.org", "*.git.example.org")), ("empty", ())))
_REGISTRIES = (
    SiteRegistry(client="npm", host="npm.example.net", source="settings.yaml:3:10"),
    SiteRegistry(client="pip", host="pip.example.net", source="/etc/settings.yaml:4:10"),
)


def _secret(name: str, *hosts: str) -> SecretSpec:
    return SecretSpec(name=name, hosts=hosts, header="Authorization", source=SecretSource(env="TOKEN"))


def _compiled(network: NetworkSpec, places: dict[str, str] | None = None) -> Policy:
    return compile_policy(
        network, path="envs/web.yaml", places=places or {}, preset=_PRESET, registries=iter(_REGISTRIES)
    )


def _full_of_rules(access: Access, *, include_defaults: bool = False) -> NetworkSpec:
    return NetworkSpec(
        access=access,
        include_defaults=include_defaults,
        deny=("deny.example.com",),
        secrets=(_secret("billing", "billing.example.com", "pay.example.com"),),
        allow=("API.example.com",),
    )


@pytest.mark.parametrize(
    ("network", "kinds", "version"),
    [
        (_full_of_rules(Access.NONE), ["malformed", "deny", "address"], ""),
        (
            _full_of_rules(Access.TRUSTED),
            ["malformed", "scheme", "deny", "address", "port", "secret", "preset", "registry"],
            "2000.01",
        ),
        (
            _full_of_rules(Access.FULL),
            ["malformed", "scheme", "deny", "address", "port", "secret", "level"],
            "",
        ),
        (
            _full_of_rules(Access.CUSTOM),
            ["malformed", "scheme", "deny", "address", "port", "secret", "allow"],
            "",
        ),
        (
            _full_of_rules(Access.CUSTOM, include_defaults=True),
            ["malformed", "scheme", "deny", "address", "port", "secret", "allow", "preset", "registry"],
            "2000.01",
        ),
    ],
)
def test_a_level_says_which_rules_there_are_and_in_which_order(
    network: NetworkSpec, kinds: list[str], version: str
) -> None:
    policy = _compiled(network)
    assert list(dict.fromkeys(one.kind.value for one in policy.rules)) == kinds
    assert policy.preset == version
    order = list(RuleKind)
    assert [order.index(one.kind) for one in policy.rules] == sorted(order.index(one.kind) for one in policy.rules)
    assert (policy.level, policy.default.kind) == (network.access, RuleKind.DEFAULT)


def test_every_rule_knows_where_it_comes_from() -> None:
    places = {
        "network.access": "envs/base.yaml:3:11",
        "network.deny.0": "envs/web.yaml:5:10",
        "network.allow.0": "envs/web.yaml:6:11",
        "network.secrets.0.hosts.0": "envs/web.yaml:9:15",
        "network.secrets.0.hosts.1": "envs/web.yaml:9:36",
    }
    policy = _compiled(_full_of_rules(Access.CUSTOM, include_defaults=True), places)
    named = [(one.kind.value, one.pattern, one.source, one.group) for one in policy.rules if one.source != "built in"]
    assert named == [
        ("deny", "deny.example.com", "envs/web.yaml:5:10", ""),
        ("secret", "billing.example.com", "envs/web.yaml:9:15", "billing"),
        ("secret", "pay.example.com", "envs/web.yaml:9:36", "billing"),
        ("allow", "api.example.com", "envs/web.yaml:6:11", ""),
        ("preset", "git.example.org", "preset 2000.01, group code", "code"),
        ("preset", "*.git.example.org", "preset 2000.01, group code", "code"),
        ("registry", "npm.example.net", "site.registries.npm (settings.yaml:3:10)", "npm"),
        ("registry", "pip.example.net", "site.registries.pip (/etc/settings.yaml:4:10)", "pip"),
    ]
    assert policy.default.source == "envs/base.yaml:3:11"


def test_a_level_that_nobody_wrote_is_the_files() -> None:
    assert _compiled(NetworkSpec()).default.source == "envs/web.yaml:1:1"


def test_groups_and_patterns_are_read_from_the_rules() -> None:
    policy = _compiled(NetworkSpec(access=Access.CUSTOM, allow=("a.example.com", "A.example.com", "b.example.com")))
    assert policy.patterns(RuleKind.ALLOW) == ("a.example.com", "b.example.com")
    groups = _compiled(NetworkSpec()).groups(RuleKind.PRESET)
    assert {group: [one.pattern for one in rules] for group, rules in groups.items()} == {
        "code": ["git.example.org", "*.git.example.org"]
    }


_DOMAINS = st.from_regex(r"(\*\.)?[a-c]\.(example\.)?(com|org)", fullmatch=True)
_NETWORKS = st.builds(
    NetworkSpec,
    access=st.sampled_from(Access),
    allow=st.lists(_DOMAINS, max_size=4).map(tuple),
    deny=st.lists(_DOMAINS, max_size=4).map(tuple),
    include_defaults=st.booleans(),
    secrets=st.lists(st.sampled_from(["x.com", "y.com"]), max_size=2, unique=True).map(
        lambda hosts: tuple(_secret(host, host) for host in hosts)
    ),
)


@given(_NETWORKS)
def test_compiling_is_total_and_its_digest_minds_meaning_alone(network: NetworkSpec) -> None:
    policy = _compiled(network)
    turned = NetworkSpec(
        access=network.access,
        allow=(*reversed(network.allow), *network.allow[:1]),
        deny=tuple(one.upper() for one in reversed(network.deny)),
        include_defaults=network.include_defaults,
        secrets=tuple(reversed(network.secrets)),
    )
    again = _compiled(turned, {"network.access": "envs/other.yaml:7:1"})
    assert again.text == policy.text
    assert again.sha256 == policy.sha256
    assert len(policy.sha256) == 64
    assert all(one.source for one in (*policy.rules, policy.default))


@given(_NETWORKS)
def test_another_meaning_is_another_digest(network: NetworkSpec) -> None:
    policy = _compiled(network)
    more = NetworkSpec(
        access=network.access,
        allow=network.allow,
        deny=(*network.deny, "telemetry.example.net"),
        include_defaults=network.include_defaults,
        secrets=network.secrets,
    )
    assert _compiled(more).sha256 != policy.sha256


def test_the_text_lists_every_rule_once() -> None:
    network = NetworkSpec(
        access=Access.CUSTOM,
        allow=("b.example.com", "a.example.com"),
        deny=("c.example.com",),
        secrets=(_secret("billing", "billing.example.com"),),
    )
    lines = _compiled(network).text.splitlines()
    assert lines[0] == "level custom"
    assert [one for one in lines if ".example." in one] == [
        "deny c.example.com",
        "secret billing.example.com billing",
        "allow a.example.com",
        "allow b.example.com",
    ]
    assert lines[-1] == "default (nothing else)"
    assert _compiled(NetworkSpec()).text.splitlines()[1] == "preset 2000.01"


def _squid_has(names: tuple[str, ...], host: str) -> bool:
    """A `dstdomain` list as Squid reads it: `.x` is x and all below it."""
    return any(host == one or (one.startswith(".") and f".{host}".endswith(one)) for one in names)


_HOSTS = st.from_regex(r"([ab]\.){0,3}[ab]\.com", fullmatch=True)
_PATTERNS = st.lists(st.from_regex(r"(\*\.)?([ab]\.){0,2}[ab]\.com", fullmatch=True), max_size=6)


@given(_PATTERNS, st.lists(_HOSTS, min_size=1, max_size=8))
def test_squids_lists_mean_what_the_patterns_mean(patterns: list[str], hosts: list[str]) -> None:
    lists = name_lists(patterns)
    rules = [Rule(kind=RuleKind.ALLOW, pattern=one, source="here") for one in patterns]
    bases = [one.removeprefix("*.") for one in patterns]
    for host in [*hosts, *bases]:
        expected = any(one.covers(host) for one in rules)
        assert (_squid_has(lists.names, host) and host not in lists.apexes) is expected, (host, lists)


@given(_PATTERNS)
def test_no_line_of_squids_lists_covers_another(patterns: list[str]) -> None:
    names = name_lists(patterns).names
    assert names == tuple(sorted(set(names)))
    for one in names:
        others = tuple(other for other in names if other != one)
        assert not _squid_has(others, one.removeprefix("."))
    assert all(f".{one}" in names for one in name_lists(patterns).apexes)


@pytest.mark.parametrize(
    ("patterns", "names", "apexes"),
    [
        ([], (), ()),
        (["x.com", "*.x.com"], (".x.com",), ()),
        (["*.x.com"], (".x.com",), ("x.com",)),
        (["*.x.com", "*.a.x.com", "b.x.com", "y.com"], (".x.com", "y.com"), ("x.com",)),
        (["*.a.x.com", "x.com"], (".a.x.com", "x.com"), ("a.x.com",)),
        (["*.a.x.com", "a.x.com", "*.x.com"], (".x.com",), ("x.com",)),
    ],
)
def test_squids_lists(patterns: list[str], names: tuple[str, ...], apexes: tuple[str, ...]) -> None:
    lists = name_lists(patterns)
    assert (lists.names, lists.apexes) == (names, apexes)
