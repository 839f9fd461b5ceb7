"""Squid's files from a policy: order, lists, secrets. That Squid means the same is for the e2e tests to show."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from toolkit import preset
from toolkit.model.environment import Access, NetworkSpec, SecretSource, SecretSpec
from toolkit.model.gateway import GatewayAddresses, GatewayFile, SecretHeader
from toolkit.network.policy import compile_policy
from toolkit.network.squid import squid_files

ADDRESSES = GatewayAddresses(session="10.213.0.2", gateway="10.213.0.3", refused=("10.0.0.0/8", "192.0.2.7/32"))
SECRET = SecretSpec(
    name="billing", hosts=("billing.example.com",), header="Authorization", source=SecretSource(env="TOKEN")
)


def files(network: NetworkSpec, *headers: SecretHeader) -> dict[str, GatewayFile]:
    policy = compile_policy(network, path="envs/x.yaml", places={}, preset=preset.load(), registries=())
    return {one.path: one for one in squid_files(policy, ADDRESSES, headers, environment="x")}


def configuration(network: NetworkSpec, *headers: SecretHeader) -> list[str]:
    return files(network, *headers)["squid.conf"].content.decode().splitlines()


def header(value: str) -> SecretHeader:
    return SecretHeader(name="billing", hosts=("billing.example.com",), header="Authorization", value=value)


def access(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("http_access")]


def test_the_first_rule_is_the_session_and_the_last_refuses_all() -> None:
    for level in Access:
        rules = access(configuration(NetworkSpec(access=level)))
        assert rules[0] == "http_access deny !session"
        assert rules[-1] == "http_access deny all"


def test_level_none_allows_nothing() -> None:
    assert not [
        line for line in configuration(NetworkSpec(access=Access.NONE)) if " allow " in line and "http_acc" in line
    ]
    assert "ssl_bump terminate all" in configuration(NetworkSpec(access=Access.NONE))


def test_names_are_asked_before_addresses_are_looked_up() -> None:
    rules = access(configuration(NetworkSpec(access=Access.CUSTOM, allow=("a.example.com",))))
    by_address = next(index for index, line in enumerate(rules) if " private" in line)
    assert by_address > next(index for index, line in enumerate(rules) if "!named" in line)
    assert by_address < next(index for index, line in enumerate(rules) if line.startswith("http_access allow"))


def test_deny_comes_before_every_allow_in_requests_and_in_tunnels() -> None:
    lines = configuration(NetworkSpec(access=Access.FULL, deny=("*.evil.example.com",)))
    rules = access(lines)
    assert rules.index("http_access deny deny refuses_deny") < rules.index("http_access allow all allows_level")
    bumps = [line for line in lines if line.startswith("ssl_bump")]
    assert bumps.index("ssl_bump terminate deny_sni") < bumps.index("ssl_bump splice same_name")
    assert bumps[-1] == "ssl_bump terminate all"


def test_a_wildcard_leaves_its_apex_out() -> None:
    made = files(NetworkSpec(access=Access.CUSTOM, allow=("*.example.com",)))
    assert made["lists/allow"].content == b".example.com\n"
    assert made["lists/allow-apexes"].content == b"example.com\n"
    assert "acl allow all-of allow_names !allow_apexes" in made["squid.conf"].content.decode()


def test_only_hosts_with_a_secret_are_opened() -> None:
    plain = configuration(NetworkSpec(access=Access.FULL))
    assert not [line for line in plain if line.startswith("ssl_bump bump")]
    secret = NetworkSpec(access=Access.CUSTOM, secrets=(SECRET,))
    assert "ssl_bump bump secret secret_sni" in configuration(secret, header("x"))


def test_a_secret_is_in_the_one_file_that_others_cannot_read() -> None:
    made = files(NetworkSpec(access=Access.CUSTOM, secrets=(SECRET,)), header("Bearer tok-3n"))
    holding = [one for one in made.values() if b"tok-3n" in one.content]
    assert [one.path for one in holding] == ["secrets.conf"]
    assert holding[0].mode == 0o600
    assert "tok-3n" not in repr(header("tok-3n"))


def test_the_clients_own_header_is_dropped_under_the_same_condition() -> None:
    text = files(NetworkSpec(access=Access.CUSTOM, secrets=(SECRET,)), header("v"))["secrets.conf"].content.decode()
    assert "acl secret0 all-of secure secret0_host secret0_sni" in text
    assert "request_header_access Authorization deny secret0\n" in text
    assert 'request_header_add Authorization "v" secret0\n' in text


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_value_reads_back_as_it_was(value: str) -> None:
    """Squid's quoted strings: backslash escapes; in a header's value `%%` is a percent sign."""
    text = files(NetworkSpec(access=Access.CUSTOM, secrets=(SECRET,)), header(value))["secrets.conf"].content.decode()
    quoted = re.search(r'request_header_add Authorization "(.*)" secret0$', text, re.MULTILINE)
    assert quoted is not None
    assert re.sub(r"\\(.)", r"\1", quoted[1]).replace("%%", "%") == value


def test_no_name_stands_in_a_directive() -> None:
    made = files(NetworkSpec(access=Access.CUSTOM, allow=("a.example.com",), deny=("b.example.com",)))
    text = made["squid.conf"].content.decode()
    assert "a.example.com" not in text
    assert "b.example.com" not in text


def test_every_refusal_has_a_page_that_names_host_rule_and_environment() -> None:
    made = files(NetworkSpec(access=Access.TRUSTED))
    named = set(re.findall(r"deny_info \d+:(\S+)", made["squid.conf"].content.decode()))
    assert named == {path.removeprefix("pages/") for path in made if path.startswith("pages/")}
    page = made["pages/TOOLKIT_DEFAULT"].content.decode()
    assert "%H" in page
    assert "access trusted" in page
    assert "envs/x.yaml" in page
    assert "do not retry" in page
