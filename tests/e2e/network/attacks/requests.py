"""Attacks by the request's own form: other schemes and protocols, smuggling, the proxy's own pages."""

from __future__ import annotations

from typing import Any

from tests.e2e.network.attacks.model import Attack, Try, trying
from tests.e2e.network.attacks.names import HTTP
from tests.e2e.network.names import OPEN, SHUT, TRACKER

_ODD = ("malformed", "default", "scheme", "method")
_WANTED = f"GET http://{SHUT}/smuggled HTTP/1.1\r\nHost: {SHUT}\r\n\r\n"


def _attack(name: str, what: str, attempt: Try, *rules: str, control: Try = HTTP) -> Attack:
    return Attack(id=name, what=what, control=control, attempt=attempt, rules=rules)


def _schemes() -> tuple[Attack, ...]:
    urls = {
        "ftp": f"ftp://{OPEN}/x",
        "gopher": f"gopher://{OPEN}/x",
        "wais": f"wais://{OPEN}/x",
        "whois": f"whois://{OPEN}/x",
        "file": "file:///etc/passwd",
        "https": f"https://{SHUT}/",
        "urn": "urn:example:a",
        "cache-object": f"cache_object://{OPEN}/info",
        "data": "data:text/plain,x",
    }
    rules = {"https": ("default", "scheme", "method")}
    return tuple(
        _attack(f"scheme-{name}", f"GET {url}", trying("plain", url=url), *rules.get(name, _ODD))
        for name, url in urls.items()
    )


def _own_pages() -> tuple[Attack, ...]:
    """A proxy's own pages tell what others asked for."""
    here = "http://<gateway>:3128"
    pages = {
        "manager": f"{here}/squid-internal-mgr/info",
        "manager-open": f"http://{OPEN}/squid-internal-mgr/menu",
        "icons": f"{here}/squid-internal-static/icons/silk/page_white.png",
        "digest": f"{here}/squid-internal-periodic/store_digest",
        "loopback": "http://127.0.0.1:3128/squid-internal-mgr/active_requests",
    }
    rules = ("address", "port", "malformed", "manager")
    asked = (_attack(f"own-{name}", f"GET {url}", trying("plain", url=url), *rules) for name, url in pages.items())
    relative = _attack(
        "own-relative",
        "the same as a server takes it",
        trying(
            "raw", data="GET /squid-internal-mgr/info HTTP/1.1\r\nHost: <gateway>:3128\r\nConnection: close\r\n\r\n"
        ),
        *rules,
        "default",
    )
    return (*asked, relative)


def _methods() -> tuple[Attack, ...]:
    odd = tuple(
        _attack(
            f"method-{one.lower()}",
            f"{one} at an allowed host",
            trying("plain", url=f"http://{OPEN}/", method=one),
            *_ODD,
        )
        for one in ("TRACE", "PURGE", "TRACK")
    )
    return (
        *odd,
        _attack(
            "method-options-star",
            "OPTIONS * with an allowed Host",
            trying("raw", data=f"OPTIONS * HTTP/1.1\r\nHost: {SHUT}\r\nConnection: close\r\n\r\n"),
            *_ODD,
        ),
        _attack(
            "method-unknown",
            "a method of one's own at a host on no list",
            trying("plain", url=f"http://{SHUT}/", method="FROBNICATE"),
            *_ODD,
        ),
        _attack(
            "method-post",
            "a body to a host on no list",
            trying("plain", url=f"http://{SHUT}/", method="POST", body="x" * 4000),
            "default",
        ),
    )


def _smuggled() -> tuple[Attack, ...]:
    """One request to an allowed host that carries a second one for another host."""
    post = f"POST http://{OPEN}/carrier HTTP/1.1\r\nHost: {OPEN}\r\n"
    chunk = "0\r\n\r\n"
    texts = {
        "pipelined": (f"GET http://{OPEN}/first HTTP/1.1\r\nHost: {OPEN}\r\n\r\n{_WANTED}", "pipelined"),
        "length-chunked": (
            f"{post}Content-Length: {len(chunk)}\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{_WANTED}",
            "Content-Length and Transfer-Encoding",
        ),
        "chunked-length": (
            f"{post}Transfer-Encoding: chunked\r\nContent-Length: {len(chunk + _WANTED)}\r\n\r\n{chunk}{_WANTED}",
            "Transfer-Encoding and Content-Length",
        ),
        "two-lengths": (f"{post}Content-Length: 0\r\nContent-Length: {len(_WANTED)}\r\n\r\n{_WANTED}", "two lengths"),
        "odd-chunked": (
            f"{post}Transfer-Encoding: xchunked\r\nTransfer-Encoding : chunked\r\n\r\n{chunk}{_WANTED}",
            "a disguised Transfer-Encoding",
        ),
        "bare-newline": (
            f"GET http://{OPEN}/first HTTP/1.1\nHost: {OPEN}\n\n{_WANTED}",
            "newlines without carriage return",
        ),
        "folded": (f"GET http://{OPEN}/first HTTP/1.1\r\nHost: {OPEN}\r\n X: y\r\n\r\n{_WANTED}", "a folded header"),
        "minus-length": (f"{post}Content-Length: -1\r\n\r\n{_WANTED}", "a negative length"),
        "chunk-size": (
            f"{post}Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{_WANTED}",
            "a chunk size beyond 64 bits",
        ),
    }
    return tuple(
        Attack(
            id=f"smuggle-{name}",
            what=f"a second request: {what}",
            control=HTTP,
            attempt=trying("raw", data=data),
            rules=("default", "malformed"),
            carried=True,
        )
        for name, (data, what) in texts.items()
    )


def _lines() -> tuple[Attack, ...]:
    texts = {
        "no-version": (f"GET http://{SHUT}/\r\n\r\n", "HTTP/0.9"),
        "two-urls": (f"GET http://{OPEN}/ http://{SHUT}/ HTTP/1.1\r\nHost: {SHUT}\r\n\r\n", "two URLs"),
        "relative": (f"GET / HTTP/1.1\r\nHost: {SHUT}\r\nConnection: close\r\n\r\n", "a path alone and a foreign Host"),
        "relative-open": (f"GET / HTTP/1.1\r\nHost: {OPEN}\r\nConnection: close\r\n\r\n", "a path alone, allowed Host"),
        "double-slash": (
            f"GET //{SHUT}/ HTTP/1.1\r\nHost: {OPEN}\r\nConnection: close\r\n\r\n",
            "a URL without scheme",
        ),
        "version": (f"GET http://{SHUT}/ HTTP/9.9\r\nHost: {SHUT}\r\n\r\n", "HTTP/9.9"),
        "http2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", "HTTP/2"),
        "proxy-protocol": (
            f"PROXY TCP4 127.0.0.1 127.0.0.1 1 3128\r\nGET http://{SHUT}/ HTTP/1.0\r\n\r\n",
            "PROXY protocol",
        ),
        "socks4": ("\x04\x01\x00\x50\x7f\x00\x00\x01\x00", "SOCKS 4"),
        "socks5": ("\x05\x01\x00", "SOCKS 5"),
        "tls": ("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", "TLS to the proxy itself"),
        "nul-header": (f"GET http://{SHUT}/ HTTP/1.1\r\nHost: {OPEN}\r\nX: a\0b\r\n\r\n", "a NUL in a header"),
        "blank-name": (f"GET http://{SHUT}/ HTTP/1.1\r\nHost : {OPEN}\r\n\r\n", "a blank before the colon"),
        "huge-header": (f"GET http://{SHUT}/ HTTP/1.1\r\nHost: {OPEN}\r\nX: {'a' * 90_000}\r\n\r\n", "a huge header"),
        "huge-url": (f"GET http://{SHUT}/{'a' * 90_000} HTTP/1.1\r\nHost: {OPEN}\r\n\r\n", "a huge URL"),
        "many-headers": (
            f"GET http://{SHUT}/ HTTP/1.1\r\nHost: {OPEN}\r\n" + "".join(f"X-{n}: y\r\n" for n in range(2000)) + "\r\n",
            "two thousand headers",
        ),
    }
    return tuple(
        _attack(f"line-{name}", f"a request in the form of {what}", trying("raw", data=data), *_ODD, "address")
        for name, (data, what) in texts.items()
    )


def _clients() -> tuple[Attack, ...]:
    def plain(name: str, what: str, *rules: str, **attempt: Any) -> Attack:
        return _attack(name, what, trying("plain", **attempt), *rules)

    return (
        plain("host-mismatch", "an allowed Host beside a foreign URL", "default", url=f"http://{SHUT}/", host=OPEN),
        plain(
            "headers-forwarded",
            "headers that claim another host",
            "default",
            url=f"http://{SHUT}/",
            headers=[f"X-Forwarded-Host: {OPEN}", f"X-Original-URL: http://{OPEN}/", f"X-Host: {OPEN}"],
        ),
        Attack(
            id="redirected",
            what="follow an allowed host's redirect to a denied one",
            control=trying("redirected", url=f"http://{OPEN}/redirect?to=http://{OPEN}/arrived"),
            attempt=trying("redirected", url=f"http://{OPEN}/redirect?to=http://{TRACKER}/smuggled"),
            rules=("deny",),
            carried=True,
        ),
        _attack(
            "websocket-plain",
            "ws to a host on no list",
            trying("websocket", url=f"ws://{SHUT}/"),
            "default",
            control=trying("websocket", url=f"ws://{OPEN}/"),
        ),
        _attack(
            "websocket-secure",
            "wss to a host on no list",
            trying("websocket", url=f"wss://{SHUT}/"),
            "default",
            control=trying("websocket", url=f"wss://{OPEN}/"),
        ),
        _attack(
            "upgrade-h2c",
            "an upgrade to HTTP/2 at a host on no list",
            trying("plain", url=f"http://{SHUT}/", headers=["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]),
            "default",
        ),
        _attack(
            "standard-client",
            "Python's own client with its proxy settings",
            trying("shell", script=_client(f"https://{SHUT}/")),
            "default",
            control=trying("shell", script=_client(f"https://{OPEN}/")),
        ),
    )


def _client(url: str) -> str:
    code = f"import urllib.request as u; print(u.urlopen('{url}', timeout=9).read().decode())"
    return f'python3 -c "{code}"'


ATTACKS = (*_schemes(), *_own_pages(), *_methods(), *_smuggled(), *_lines(), *_clients())
