"""Attacks inside a tunnel: CONNECT names one host, the bytes go for another, or are not TLS at all."""

from __future__ import annotations

from typing import Any

from tests.e2e.network.attacks.model import Attack, Told, trying
from tests.e2e.network.attacks.names import HTTPS
from tests.e2e.network.names import OPEN, SHUT, TRACKER, WILD

_TO = f"{OPEN}:443"
_OTHER = f"other.{WILD}"  # allowed as well: still not the host of the tunnel
_MISMATCH = ("sni",)


def _hello(name: str, what: str, control: dict[str, Any] | None = None, **attempt: Any) -> Attack:
    good = HTTPS if control is None else trying("tunnel", to=_TO, **control)
    return Attack(
        id=f"sni-{name}", what=what, control=good, attempt=trying("tunnel", to=_TO, **attempt), rules=_MISMATCH
    )


def _names_asked_for() -> tuple[Attack, ...]:
    return (
        _hello("foreign", "an allowed tunnel, the TLS name of a host on no list", sni=SHUT),
        _hello("denied", "an allowed tunnel, the TLS name of a denied host", sni=TRACKER),
        _hello("other", "an allowed tunnel, the TLS name of another allowed host", sni=_OTHER),
        _hello("none", "an allowed tunnel, no TLS name", sni=None),
        _hello("empty", "an empty TLS name", names=[""]),
        _hello("address", "an address as TLS name", names=["<foreign>"]),
        _hello("two-last", "two TLS names, the allowed one last", names=[SHUT, OPEN]),
        _hello("below", "a name below the allowed one", sni=f"a.{OPEN}"),
        _hello("suffix", "the allowed name as the beginning of another", sni=f"{OPEN}.evil.example"),
        _hello("long", "a TLS name of four thousand characters", names=["a." * 2000 + SHUT]),
        _hello("control-bytes", "control bytes and quotes in the TLS name", names=[f'{SHUT}\r\n"}}{{\x1b[31m']),
        _hello("alpn", "a foreign TLS name that also offers HTTP/2", control={"alpn": ["h2"]}, sni=SHUT, alpn=["h2"]),
        _hello(
            "segments",
            "a foreign TLS name in segments of twenty bytes",
            control={"piece": 20},
            sni=SHUT,
            piece=20,
        ),
        _hello(
            "records",
            "a foreign TLS name spread over small TLS records",
            control={"record": 64},
            sni=SHUT,
            record=64,
        ),
    )


def _no_tls() -> tuple[Attack, ...]:
    """An allowed tunnel carries TLS for its host and nothing else."""
    texts = {
        "ssh": ("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        "http": (f"GET / HTTP/1.1\r\nHost: {OPEN}\r\n\r\n", "plain http"),
        "http-foreign": (f"GET http://{SHUT}/ HTTP/1.1\r\nHost: {SHUT}\r\n\r\n", "plain http for another host"),
        "http2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", "HTTP/2 in the clear"),
        "connect": (f"CONNECT {SHUT}:443 HTTP/1.1\r\nHost: {SHUT}:443\r\n\r\n", "a second CONNECT"),
        "smtp": ("EHLO session.example\r\n", "SMTP"),
        "noise": ("\x00\xff\x13\x37" * 300, "noise"),
        "old-ssl": (
            "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + "\x01\x00\x80" * 7 + "\x11" * 16,
            "an SSL 2 hello",
        ),
        "alert": ("\x15\x03\x01\x00\x02\x02\x28", "a TLS alert first"),
    }
    late = (
        Attack(
            id=f"tunnel-{name}",
            what=f"{what} in an allowed tunnel",
            control=HTTPS,
            attempt=trying("tunnel_bytes", to=_TO, data=data),
            rules=("protocol", "sni"),
        )
        for name, (data, what) in texts.items()
    )
    # what the gateway waits on, and what comes before it has answered, is never carried: there is nothing to refuse
    never = {
        "half-hello": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "the beginning of a ClientHello", False),
        "ssh-early": (texts["ssh"][0], "SSH in one packet with the CONNECT", True),
        "http-early": (texts["http-foreign"][0], "http in one packet with the CONNECT", True),
    }
    early = (
        Attack(
            id=f"tunnel-{name}",
            what=f"{what}, in an allowed tunnel",
            control=HTTPS,
            attempt=trying("tunnel_bytes", to=_TO, data=data, early=at_once),
            rules=(),
            told=Told.EMPTY,
        )
        for name, (data, what, at_once) in never.items()
    )
    return (*late, *early)


def _openings() -> tuple[Attack, ...]:
    """What stands in the CONNECT itself."""

    def opening(name: str, what: str, *rules: str, **attempt: Any) -> Attack:
        return Attack(id=f"connect-{name}", what=what, control=HTTPS, attempt=trying("tunnel", **attempt), rules=rules)

    return (
        opening("host-allowed", "an allowed Host beside a foreign target", "default", to=f"{SHUT}:443", host=OPEN),
        opening("user", "the allowed name as a user name", "malformed", "default", to=f"{OPEN}@{SHUT}:443", sni=SHUT),
        opening(
            "url",
            "a whole URL as target",
            "malformed",
            "scheme",
            "address",
            "default",
            to=f"https://{SHUT}:443",
            sni=SHUT,
        ),
        opening("old", "HTTP/1.0", "default", to=f"{SHUT}:443", version="HTTP/1.0"),
        opening(
            "forwarded",
            "headers that claim another origin",
            "default",
            to=f"{SHUT}:443",
            headers=[f"X-Forwarded-Host: {OPEN}", "X-Forwarded-For: 127.0.0.1", f"Forwarded: host={OPEN}"],
        ),
        opening(
            "credentials",
            "credentials for the proxy",
            "default",
            to=f"{SHUT}:443",
            headers=["Proxy-Authorization: Basic YTpi"],
        ),
        opening("local", "the gateway itself", "address", "port", to="127.0.0.1:3128", sni=OPEN),
    )


ATTACKS = (*_names_asked_for(), *_no_tls(), *_openings())
