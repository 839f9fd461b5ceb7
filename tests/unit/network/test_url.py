"""One spelling for every way to write a URL, and a reason for every text that is none."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from toolkit.network.url import parse


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port"),
    [
        ("https://api.example.com/v1?q=1", "https", "api.example.com", 443),
        ("HTTPS://API.Example.COM", "https", "api.example.com", 443),
        ("http://example.com", "http", "example.com", 80),
        ("ws://example.com/socket", "ws", "example.com", 80),
        ("wss://example.com", "wss", "example.com", 443),
        ("api.example.com", "https", "api.example.com", 443),
        ("api.example.com/path", "https", "api.example.com", 443),
        ("api.example.com:8443", "https", "api.example.com", 8443),
        ("api.example.com:80/x:y", "https", "api.example.com", 80),
        ("api.example.com?next=http://other.example", "https", "api.example.com", 443),
        ("https://example.com.", "https", "example.com", 443),
        ("https://example.com.:443/", "https", "example.com", 443),
        ("https://example.com:/", "https", "example.com", 443),
        ("https://example.com:0443", "https", "example.com", 443),
        ("https://example.com/a@b%20c:d", "https", "example.com", 443),
        ("https://_dmarc.example.com", "https", "_dmarc.example.com", 443),
        ("https://127.0.0.1.example.com", "https", "127.0.0.1.example.com", 443),
        ("https://bücher.example", "https", "xn--bcher-kva.example", 443),
        ("https://BÜCHER.example", "https", "xn--bcher-kva.example", 443),
        ("https://straße.example", "https", "xn--strae-oqa.example", 443),
        ("日本語。example", "https", "xn--wgv71a119e.example", 443),
        ("https://ｅｘａｍｐｌｅ．com", "https", "example.com", 443),
        ("https://XN--BCHER-KVA.example", "https", "xn--bcher-kva.example", 443),
        ("localhost:8080", "https", "localhost", 8080),
        ("https://example.com/a#b@c", "https", "example.com", 443),
        ("https://example.com?a#b", "https", "example.com", 443),
    ],
)
def test_names(text: str, scheme: str, host: str, port: int) -> None:
    url = parse(text)
    assert (url.fault, url.scheme, url.host, url.port, url.is_address) == ("", scheme, host, port, False)
    assert url.text == text


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://192.0.2.7", "192.0.2.7"),
        ("https://192.0.2.7.", "192.0.2.7"),
        ("192.0.2.7:443", "192.0.2.7"),
        ("https://2130706433", "127.0.0.1"),
        ("https://0x7f000001", "127.0.0.1"),
        ("https://0X7F.1", "127.0.0.1"),
        ("https://0177.0.0.1", "127.0.0.1"),
        ("https://127.1", "127.0.0.1"),
        ("https://127.0.1", "127.0.0.1"),
        ("https://0", "0.0.0.0"),
        ("https://１２７.０.０.１", "127.0.0.1"),
        ("https://127。0。0。1", "127.0.0.1"),
        ("https://[::1]", "::1"),
        ("https://[::1]:8443/x", "::1"),
        ("https://[2001:DB8:0::1]", "2001:db8::1"),
        ("https://[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("https://[::ffff:7f00:1]", "::ffff:127.0.0.1"),
        ("https://[fe80::1%25eth0]/", "fe80::1"),
        ("::1", "::1"),
        ("fe80::1", "fe80::1"),
        ("https://1.2.3.4.5", "1.2.3.4.5"),
        ("https://999.1.1.1", "999.1.1.1"),
        ("https://example.123", "example.123"),
        ("https://08.1.1.1", "08.1.1.1"),
        ("https://1..2", "1..2"),
    ],
)
def test_addresses_in_every_notation(text: str, host: str) -> None:
    url = parse(text)
    assert (url.fault, url.is_address) == ("", True)
    # Newer Pythons write a mapped address with its dotted part, older ones in hexadecimal.
    same = ipaddress.ip_address(host) == ipaddress.ip_address(url.host) if ":" in host else host == url.host
    assert same, url.host


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_one_however_written(address: ipaddress.IPv4Address) -> None:
    number, parts = int(address), str(address).split(".")
    octal = ".".join(f"0{int(one):o}" for one in parts)
    short = f"{parts[0]}.{number & 0xFFFFFF}"
    for text in (str(address), str(number), hex(number), octal, short, f"0x{int(parts[0]):x}.{short.split('.')[1]}"):
        url = parse(f"https://{text}/")
        assert (url.is_address, url.host) == (True, str(address)), text


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_one(address: ipaddress.IPv6Address) -> None:
    for text in (f"http://[{address}]/", f"http://[{address.exploded.upper()}]:80", str(address)):
        url = parse(text)
        assert url.is_address
        assert ipaddress.ip_address(url.host) == address


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://.", "can't be one"),
        ("https://:443", "names no host"),
        ("//example.com", "no scheme and no host"),
        ("/path", "no scheme and no host"),
        ("https:example.com", "lacks '//'"),
        ("http:/example.com", "lacks '//'"),
        ("https://user@example.com", "user name"),
        ("https://user:pass@example.com/", "user name"),
        ("user:pass@example.com", "user name"),
        ("https://good.example.com@evil.example.com/", "user name"),
        ("https://example.com#part", "'#'"),
        ("https://good.example.com#@evil.example.com/", "'#'"),
        ("https:\\\\example.com", "backslash"),
        ("https://good.example.com\\@evil.example.com", "backslash"),
        ("https://example.com/a\nb", "control character (U+000A)"),
        ("https://exam\tple.com", "control character (U+0009)"),
        ("https://example.com\x00.evil.example", "control character (U+0000)"),
        ("https://example.com\x7f", "control character (U+007F)"),
        ("https://good.example.com\udcff.evil.example", "control character (U+DCFF)"),
        ("https://good.example.com\u2028/", "control character (U+2028)"),
        (" https://example.com", "a blank"),
        ("https://exam ple.com", "a blank"),
        ("https://ex%61mple.com", "escape"),
        ("https://example.com%2eevil.example", "escape"),
        ("https://exam％61ple.com", "can't be one"),
        ("https://good.example.com／evil", "can't be one"),
        ("https://*.example.com", "'*'"),
        ("https://[::1", "brackets"),
        ("https://[example.com]", "brackets"),
        ("https://[::1]x", "brackets"),
        ("https://[192.0.2.7]", "brackets"),
        ("https://example.com:x", "port"),
        ("https://example.com:0", "port"),
        ("https://example.com:65536", "port"),
        ("https://example.com:-1", "port"),
        ("https://example.com:٤٤٣", "port"),
        ("https://example.com:" + "9" * 9000, "port"),
        ("https://example.com:443:443", "port"),
        ("https://example.com..", "can't be one"),
        ("https://a..example.com", "can't be one"),
        ("https://-a.example.com", "can't be one"),
        ("https://a!b.example.com", "can't be one"),
        ("https://" + "a" * 64 + ".example.com", "can't be one"),
        ("https://" + "a." * 130 + "example.com", "more than 253"),
        ("https://\u0301.example", "can't be one"),
    ],
)
def test_what_is_no_url_says_why(text: str, fault: str) -> None:
    url = parse(text)
    assert fault in url.fault
    assert (url.scheme, url.host, url.port) == ("", "", 0)


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("ftp://example.com/x", "ftp"),
        ("file:///etc/hosts", "file"),
        ("SSH://git@example.com/x", "ssh"),
        ("mailto:someone", "mailto"),
        ("javascript:alert(1)", "javascript"),
        ("git+https://example.com", "git+https"),
    ],
)
def test_other_schemes_are_named_and_read_no_further(text: str, scheme: str) -> None:
    url = parse(text)
    assert (url.fault, url.scheme, url.host, url.port) == ("", scheme, "", 0)


@given(st.text(max_size=60) | st.text("https:/@#?[]%.\\ \n0123456789abxé。-_*", max_size=40))
@example("http://[")
@example("https://" + "ß" * 5000)
def test_every_text_gets_an_answer_that_can_be_printed(text: str) -> None:
    for given_text in (text, f"https://{text}", f"http://example.com{text}"):
        url = parse(given_text)
        url.text.encode()
        url.fault.encode()
        url.host.encode("ascii") if not url.is_address else None
        assert bool(url.fault) or bool(url.scheme)
