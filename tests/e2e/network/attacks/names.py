"""Attacks by name: hosts that are on no list, made to look as if they were."""

from __future__ import annotations

from tests.e2e.network.attacks.model import Attack, Try, trying
from tests.e2e.network.names import NOISY, OPEN, SHUT, TRACKER, VAULT, WILD

HTTP = trying("plain", url=f"http://{OPEN}/control")
HTTPS = trying("tunnel", to=f"{OPEN}:443")
BELOW = trying("plain", url=f"http://a.b.{WILD}/control")


def _http(name: str, what: str, url: str, *rules: str, control: Try = HTTP, **more: object) -> Attack:
    return Attack(id=name, what=what, control=control, attempt=trying("plain", url=url, **more), rules=rules)


def _https(name: str, what: str, to: str, *rules: str, control: Try = HTTPS, **more: object) -> Attack:
    return Attack(id=name, what=what, control=control, attempt=trying("tunnel", to=to, **more), rules=rules)


def _lists() -> tuple[Attack, ...]:
    return (
        _http("name-http", "plain http to a host on no list", f"http://{SHUT}/x", "default"),
        _https("name-https", "https to a host on no list", f"{SHUT}:443", "default"),
        _http("name-apex-http", "the name that a wildcard stands below", f"http://{WILD}/", "default", control=BELOW),
        _https(
            "name-apex-https",
            "the same by https",
            f"{WILD}:443",
            "default",
            control=trying("tunnel", to=f"deep.below.{WILD}:443"),
        ),
        _http("deny-http", "a denied name below an allowed wildcard", f"http://{TRACKER}/", "deny", control=BELOW),
        _https(
            "deny-https", "the same by https", f"{TRACKER}:443", "deny", control=trying("tunnel", to=f"a.{WILD}:443")
        ),
        _http(
            "deny-below",
            "any depth below a denied wildcard",
            f"http://x.y.{NOISY}/",
            "deny",
            control=trying("plain", url=f"http://{NOISY}/"),
        ),
        _http("deny-upper", "a denied name in capitals", f"http://{TRACKER.upper()}/", "deny"),
        _https("deny-upper-https", "the same by https", f"{TRACKER.upper()}:443", "deny", sni=TRACKER),
        _http("deny-dot", "a denied name with a dot at its end", f"http://{TRACKER}./", "deny"),
        _https("deny-dot-https", "the same by https", f"{TRACKER}.:443", "deny", sni=TRACKER),
        _http("secret-plain", "plain http to a host that gets a secret", f"http://{VAULT}/", "secret"),
    )


def _look_alikes() -> tuple[Attack, ...]:
    hosts = {
        "suffix": (f"{OPEN}.evil.example", "an allowed name as the beginning of another"),
        "prefix": (f"x{OPEN}", "an allowed name as the end of another"),
        "wild-prefix": (f"x{WILD}", "a wildcard's name as the end of another"),
        "below": (f"a.{OPEN}", "a name below one that is allowed exactly"),
        "parent": ("example.net", "the parent of an allowed name"),
        "dash": (OPEN.replace(".", "-", 1), "a dash for a dot"),
        "digit": (OPEN.replace("o", "0", 1), "a digit for a letter"),
        "idn": ("xn--pen-4cd.example.net", "a Cyrillic letter for a Latin one"),
        "underscore": (f"_{OPEN}", "an underscore before it"),
    }
    found = []
    for name, (host, what) in hosts.items():
        found.append(_http(f"like-{name}-http", f"{what}: http", f"http://{host}/", "default"))
        found.append(_https(f"like-{name}-https", f"{what}: https", f"{host}:443", "default"))
    return tuple(found)


def _spellings() -> tuple[Attack, ...]:
    """What one reader of a URL takes for one host and the next reader for another."""
    odd = ("malformed", "default", "address")
    urls = {
        "escape": ("http://%73hut.example.net/", "an escaped letter in the host"),
        "escaped-dot": (f"http://{SHUT}%2e{OPEN}/", "an escaped dot"),
        "escaped-slash": (f"http://{SHUT}%2f.{WILD}/", "an escaped slash before an allowed ending"),
        "escaped-nul": (f"http://{SHUT}%00.{WILD}/", "an escaped NUL before an allowed ending"),
        "nul": (f"http://{SHUT}\0.{WILD}/", "a NUL before an allowed ending"),
        "blank": (f"http://{SHUT} .{WILD}/", "a blank before an allowed ending"),
        "tab": (f"http://{SHUT}\t.{WILD}/", "a tab before an allowed ending"),
        "user": (f"http://{OPEN}@{SHUT}/", "the allowed name as a user name"),
        "user-port": (f"http://{OPEN}:80@{SHUT}/", "the allowed name and a port as credentials"),
        "fragment": (f"http://{SHUT}#@{OPEN}/", "the allowed name behind a fragment"),
        "query": (f"http://{SHUT}?@{OPEN}/", "the allowed name behind a query"),
        "backslash": (f"http://{SHUT}\\@{OPEN}/", "the allowed name behind a backslash"),
        "semicolon": (f"http://{SHUT};.{WILD}/", "a semicolon before an allowed ending"),
        "comma": (f"http://{SHUT},{OPEN}/", "two names and a comma"),
        "wide": ("http://\xef\xbd\x93hut.example.net/", "a full-width letter, as raw UTF-8"),
        "two-dots": (f"http://{SHUT}../", "two dots at the end"),
        "empty-label": (f"http://shut..{WILD}/", "an empty label"),
        "long": (f"http://{'a' * 70}.{SHUT}/", "a label that is too long"),
        "very-long": (f"http://{'a.' * 3000}{SHUT}/", "a name of six thousand characters"),
        "no-host": ("http:///etc/passwd", "no host at all"),
        "star": (f"http://*.{SHUT}/", "a star as host"),
        "quote": (f"http://{SHUT}\"'.evil.example/", "quotes in the host"),
    }
    return tuple(_http(f"spell-{name}", what, url, *odd) for name, (url, what) in urls.items())


def _special() -> tuple[Attack, ...]:
    hosts = {
        "localhost": "localhost",
        "below-localhost": "a.localhost",
        "local": "printer.local",
        "internal": "metadata.internal",
        "home": "router.home.arpa",
        "single": "intranet",
        "upper": "LocalHost",
        "dot": "localhost.",
    }
    return tuple(
        _http(f"special-{name}", f"the special-use name {host}", f"http://{host}/", "address")
        for name, host in hosts.items()
    )


ATTACKS = (*_lists(), *_look_alikes(), *_spellings(), *_special())
