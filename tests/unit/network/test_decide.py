"""Which URL passes by which rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.environment import Access, NetworkSpec, SecretSource, SecretSpec
from toolkit.model.policy import Policy, Preset, SiteRegistry
from toolkit.network.decide import decide
from toolkit.network.policy import compile_policy
from toolkit.network.url import parse

_PRESET = Preset(version="2000.01", groups=(("code", ("git.example.org", "*.wild.example.org")),))
_REGISTRIES = (SiteRegistry(client="npm", host="npm.example.net", source="settings.yaml:3:10"),)
_SECRET = SecretSpec(
    name="billing", hosts=("billing.example.com",), header="Authorization", source=SecretSource(env="TOKEN")
)
_LISTS = NetworkSpec(
    access=Access.CUSTOM,
    allow=("api.example.com", "*.sub.example.com", "xn--bcher-kva.example", "deny.example.com"),
    deny=("deny.example.com", "*.denied.example.com", "telemetry.wild.example.org"),
    secrets=(_SECRET,),
)
_NONE = replace(_LISTS, access=Access.NONE)
_TRUSTED = replace(_LISTS, access=Access.TRUSTED)
_FULL = replace(_LISTS, access=Access.FULL)
_WITH_DEFAULTS = replace(_LISTS, include_defaults=True)


def _policy(network: NetworkSpec) -> Policy:
    return compile_policy(network, path="envs/web.yaml", places={}, preset=_PRESET, registries=_REGISTRIES)


def _verdict(network: NetworkSpec, text: str) -> tuple[str, str, str]:
    decision = decide(_policy(network), parse(text))
    assert decision.reason
    assert decision.rule.source
    return "allow" if decision.allowed else "deny", decision.rule.kind.value, decision.rule.pattern


_NOTHING = ("deny", "default", "(nothing else)")
_PUBLIC = ("allow", "level", "(any public name)")
_IP = ("deny", "address", "(any IP address)")
_PORT = ("deny", "port", "(other than 80 for http and ws, 443 for https and wss)")
_SCHEME = ("deny", "scheme", "(other than http, https, ws, wss)")
_MALFORMED = ("deny", "malformed", "(no URL)")


@pytest.mark.parametrize(
    ("network", "text", "expected"),
    [
        # exact names and wildcards
        (_LISTS, "https://api.example.com/v1", ("allow", "allow", "api.example.com")),
        (_LISTS, "https://API.EXAMPLE.com.", ("allow", "allow", "api.example.com")),
        (_LISTS, "api.example.com", ("allow", "allow", "api.example.com")),
        (_LISTS, "https://x.api.example.com", _NOTHING),
        (_LISTS, "https://api.example.com.evil.example", _NOTHING),
        (_LISTS, "https://evilapi.example.com", _NOTHING),
        (_LISTS, "https://a.sub.example.com", ("allow", "allow", "*.sub.example.com")),
        (_LISTS, "https://a.b.sub.example.com", ("allow", "allow", "*.sub.example.com")),
        (_LISTS, "https://sub.example.com", _NOTHING),
        (_LISTS, "https://asub.example.com", _NOTHING),
        (_LISTS, "https://bücher.example", ("allow", "allow", "xn--bcher-kva.example")),
        # deny before all else that names a host
        (_LISTS, "https://deny.example.com", ("deny", "deny", "deny.example.com")),
        (_LISTS, "http://deny.example.com:8080", ("deny", "deny", "deny.example.com")),
        (_FULL, "https://x.denied.example.com", ("deny", "deny", "*.denied.example.com")),
        (_FULL, "https://denied.example.com", _PUBLIC),
        (_TRUSTED, "https://telemetry.wild.example.org", ("deny", "deny", "telemetry.wild.example.org")),
        (_NONE, "https://deny.example.com", ("deny", "deny", "deny.example.com")),
        # levels
        (_NONE, "https://api.example.com", _NOTHING),
        (_NONE, "https://billing.example.com", _NOTHING),
        (_NONE, "ftp://api.example.com", _NOTHING),
        (_NONE, "https://api.example.com:8443", _NOTHING),
        (_TRUSTED, "https://api.example.com", _NOTHING),
        (_TRUSTED, "https://git.example.org", ("allow", "preset", "git.example.org")),
        (_TRUSTED, "http://a.b.wild.example.org", ("allow", "preset", "*.wild.example.org")),
        (_TRUSTED, "https://wild.example.org", _NOTHING),
        (_TRUSTED, "https://npm.example.net", ("allow", "registry", "npm.example.net")),
        (_LISTS, "https://git.example.org", _NOTHING),
        (_LISTS, "https://npm.example.net", _NOTHING),
        (_WITH_DEFAULTS, "https://git.example.org", ("allow", "preset", "git.example.org")),
        (_WITH_DEFAULTS, "https://npm.example.net", ("allow", "registry", "npm.example.net")),
        (_WITH_DEFAULTS, "https://api.example.com", ("allow", "allow", "api.example.com")),
        (_FULL, "https://anything.example", _PUBLIC),
        (_FULL, "ws://anything.example/socket", _PUBLIC),
        # ports and schemes
        (_FULL, "https://anything.example:443", _PUBLIC),
        (_FULL, "http://anything.example:80", _PUBLIC),
        (_FULL, "wss://anything.example:443", _PUBLIC),
        (_FULL, "http://anything.example:443", _PORT),
        (_FULL, "https://anything.example:80", _PORT),
        (_FULL, "ws://anything.example:443", _PORT),
        (_FULL, "https://anything.example:8443", _PORT),
        (_LISTS, "api.example.com:80", _PORT),
        (_LISTS, "https://billing.example.com:8443", _PORT),
        (_FULL, "ftp://anything.example", _SCHEME),
        (_FULL, "ssh://git@anything.example", _SCHEME),
        (_FULL, "file:///etc/hosts", _SCHEME),
        (_FULL, "mailto:someone", _SCHEME),
        # secrets
        (_LISTS, "https://billing.example.com/x", ("allow", "secret", "billing.example.com")),
        (_TRUSTED, "wss://billing.example.com", ("allow", "secret", "billing.example.com")),
        (_FULL, "https://billing.example.com", ("allow", "secret", "billing.example.com")),
        (_FULL, "http://billing.example.com", ("deny", "secret", "billing.example.com")),
        (_LISTS, "ws://billing.example.com", ("deny", "secret", "billing.example.com")),
        (
            replace(_LISTS, allow=("*.example.com",)),
            "http://billing.example.com",
            ("deny", "secret", "billing.example.com"),
        ),
        (
            replace(_LISTS, deny=("*.example.com",)),
            "https://billing.example.com",
            ("deny", "deny", "*.example.com"),
        ),
        # addresses and special-use names
        (_FULL, "https://192.0.2.7", _IP),
        (_FULL, "https://2130706433:8080", _IP),
        (_FULL, "https://0x7f.1", _IP),
        (_FULL, "https://[::ffff:192.0.2.7]", _IP),
        (_NONE, "https://192.0.2.7", _IP),
        (_FULL, "http://localhost:8080", ("deny", "address", "localhost")),
        (_FULL, "https://a.LOCALHOST.", ("deny", "address", "*.localhost")),
        (_FULL, "https://printer.local", ("deny", "address", "*.local")),
        (_FULL, "https://metadata.google.internal", ("deny", "address", "*.internal")),
        (_FULL, "https://home.arpa", ("deny", "address", "home.arpa")),
        (_FULL, "https://nas.home.arpa", ("deny", "address", "*.home.arpa")),
        (_FULL, "https://notlocal", ("deny", "address", "(any name without a dot)")),
        (_FULL, "https://notlocal.example", _PUBLIC),
        (_FULL, "https://arpa.example", _PUBLIC),
        (replace(_LISTS, allow=("*.x.internal",)), "https://a.x.internal", ("deny", "address", "*.internal")),
        # what is no URL
        (_FULL, "https://user@anything.example", _MALFORMED),
        (_FULL, "https://anything.example#x", _MALFORMED),
        (_FULL, "https://anything.example\\x", _MALFORMED),
        (_FULL, "https://any%74hing.example", _MALFORMED),
        (_NONE, "", _MALFORMED),
    ],
)
def test_verdicts(network: NetworkSpec, text: str, expected: tuple[str, str, str]) -> None:
    assert _verdict(network, text) == expected


@pytest.mark.parametrize(
    ("network", "text", "words"),
    [
        (_NONE, "https://api.example.com", "access none"),
        (_LISTS, "https://sub.example.com", "'*.sub.example.com' stands for the names below sub.example.com"),
        (_TRUSTED, "https://wild.example.org", "'*.wild.example.org' stands for the names below"),
        (_TRUSTED, "https://x.example", "access trusted: no rule allows x.example"),
        (_FULL, "http://billing.example.com", "by https alone"),
        (_FULL, "https://0177.1", "127.0.0.1 is an IP address"),
        (_FULL, "https://x.example:8443", "https is let through on port 443 alone, not on 8443"),
        (_FULL, "ftp://x.example", "'ftp' is none of"),
        (_FULL, "https://u:p@x.example", "user name"),
    ],
)
def test_reasons_name_what_matters(network: NetworkSpec, text: str, words: str) -> None:
    assert words in decide(_policy(network), parse(text)).reason


_SAMPLES = ("git.example.org", "npm.example.net", "billing.example.com", "a.com", "b.a.com", "printer.local")
_HOSTS = st.from_regex(r"([a-c]\.){0,2}[a-c]\.(com|org|local)", fullmatch=True)
_PATTERNS = st.lists(st.from_regex(r"(\*\.)?([a-c]\.)?[a-c]\.(com|org)", fullmatch=True), max_size=4).map(tuple)
_NETWORKS = st.builds(
    NetworkSpec,
    access=st.sampled_from(Access),
    allow=_PATTERNS,
    deny=_PATTERNS,
    include_defaults=st.booleans(),
    secrets=st.sampled_from([(), (replace(_SECRET, hosts=("a.com",)),)]),
)
_SCHEMES = st.sampled_from(["http", "https", "ws", "wss", "ftp"])
_PORTS = st.sampled_from(["", ":80", ":443", ":8080"])


@given(_NETWORKS, _SCHEMES, _HOSTS, _PORTS, st.data())
def test_case_and_a_trailing_dot_change_nothing(
    network: NetworkSpec, scheme: str, host: str, port: str, data: st.DataObject
) -> None:
    policy = _policy(network)
    turned = "".join(data.draw(st.sampled_from([one, one.upper()])) for one in host) + data.draw(
        st.sampled_from(["", "."])
    )
    plain = decide(policy, parse(f"{scheme}://{host}{port}/"))
    other = decide(policy, parse(f"{scheme.upper()}://{turned}{port}/"))
    assert (other.allowed, other.rule, other.reason) == (plain.allowed, plain.rule, plain.reason)


@given(_NETWORKS, _SCHEMES, _HOSTS, _PORTS)
def test_what_is_denied_never_passes(network: NetworkSpec, scheme: str, host: str, port: str) -> None:
    policy = _policy(replace(network, deny=(*network.deny, host)))
    assert not decide(policy, parse(f"{scheme}://{host}{port}")).allowed
    above = host.partition(".")[2]
    policy = _policy(replace(network, deny=(*network.deny, f"*.{above}")))
    assert not decide(policy, parse(f"{scheme}://{host}{port}")).allowed


@given(_NETWORKS, _PATTERNS)
def test_one_more_allow_never_narrows(network: NetworkSpec, more: tuple[str, ...]) -> None:
    before, after = _policy(network), _policy(replace(network, allow=(*more, *network.allow)))
    named = {one.removeprefix("*.") for one in (*network.allow, *network.deny, *more)}
    for host in (*_SAMPLES, *named, *(f"x.{one}" for one in named)):
        for url in (parse(f"https://{host}"), parse(f"http://{host}")):
            assert decide(after, url).allowed or not decide(before, url).allowed, url


@given(_NETWORKS, st.text(max_size=30) | st.builds("{}://{}{}".format, _SCHEMES, _HOSTS, _PORTS))
def test_every_decision_names_a_rule_its_source_and_a_reason(network: NetworkSpec, text: str) -> None:
    policy = _policy(network)
    decision = decide(policy, parse(text))
    assert decision.rule in (*policy.rules, policy.default)
    assert decision.rule.source
    assert decision.reason
    if decision.allowed:
        assert network.access is not Access.NONE
        assert decision.url.host
        assert not decision.url.is_address
        assert decision.url.port in {80, 443}


@given(_SCHEMES, st.ip_addresses(), _PORTS)
def test_no_level_lets_an_address_through(scheme: str, address: object, port: str) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    for network in (_LISTS, _TRUSTED, _FULL, _NONE):
        assert not decide(_policy(network), parse(f"{scheme}://{host}{port}")).allowed
