"""What is a domain, and what covers what."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.declare.domains import covering, fault_of

_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_TOP = st.from_regex(r"[a-z]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
_DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(_LABEL, min_size=1, max_size=4), _TOP)


def _rule(text: str) -> str:
    fault = fault_of(text)
    return "" if fault is None else fault.rule


@given(_DOMAIN)
def test_domains_and_their_wildcards_pass_in_any_case(domain: str) -> None:
    assert _rule(domain) == ""
    assert _rule(domain.upper()) == ""
    assert _rule(f"*.{domain}") == ""


@given(_DOMAIN)
def test_what_is_added_to_a_domain_is_named(domain: str) -> None:
    assert _rule(f"https://{domain}/x") == "domain-scheme"
    assert _rule(f"{domain}:8443") == "domain-port"
    assert _rule(f"{domain}/path") == "domain-path"
    assert _rule(f"{domain}.") == "domain-trailing-dot"
    assert _rule(f"{domain}..x") == "domain-format"


@given(st.ip_addresses())
def test_no_address_passes_in_any_notation(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert _rule(str(address)) == "domain-ip-address"
    assert _rule(f"[{address}]") == "domain-ip-address"
    if isinstance(address, ipaddress.IPv4Address):
        for text in (f"{address}:80", str(int(address)), hex(int(address)), f"{address}."):
            assert _rule(text) == "domain-ip-address"


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    fault = fault_of(text)
    if fault is None:
        assert text.isascii()
        assert "." in text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("bücher.example", "write xn--bcher-kva.example"),
        ("*.BÜCHER.example", "write *.xn--bcher-kva.example"),
        ("日本語。example", "write xn--wgv71a119e.example"),
        ("straße.example", "write xn--strae-oqa.example"),
    ],
)
def test_other_alphabets_are_shown_in_their_wire_form(text: str, hint: str) -> None:
    fault = fault_of(text)

    assert fault is not None
    assert (fault.rule, fault.hint) == ("domain-non-ascii", hint)


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("a.example.com", "a.example.com", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "badexample.com", False),
        ("*.example.com", "*.a.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.a.example.com", "*.example.com", False),
        ("a.example.com", "*.a.example.com", False),
        ("example.com", "a.example.com", False),
    ],
)
def test_covering(pattern: str, name: str, *, expected: bool) -> None:
    assert covering({pattern, "*.other.example"}, name) == (pattern if expected else None)
