"""`network check` and the gateway say the same, for policies and URLs that nobody chose.

Each example is a policy, put in force in a running session by `toolkit network update`, and a handful of URLs that are
asked of both. The audit has to name the very rule that `check` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.e2e.network import grounds
from tests.e2e.network.attacks import trying
from tests.e2e.network.audit import Entry, until
from tests.e2e.network.seat import SessionSeat
from tests.support import own_things
from toolkit import preset
from toolkit.model.policy import RuleKind
from toolkit.network.decide import decide
from toolkit.network.url import parse
from toolkit.workflows.network import policy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.e2e.network.lab import Lab
    from tests.support.cli import Toolkit
    from toolkit.model.policy import Decision

POLICIES = 3  # a level
URLS = 40  # a policy
LEVELS = ("none", "trusted", "full", "custom", "custom with defaults")
NAME = "agreed"
TLDS = ("example", "example1", "arpa", "com", "org", "net", "io", "dev")
REFUSALS = frozenset({400, 403, 407})
PASSED = frozenset({200})

# Few labels, so that names meet: one below the other, at a wildcard's apex, on two lists.
LABELS = st.sampled_from(["a", "b", "ab", "a-b", "x1", "xn--bcher-kva"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
PATTERNS = st.tuples(st.sampled_from(["", "*."]), NAMES).map("".join)
LISTS = st.lists(PATTERNS, max_size=6, unique=True)
ODD_HOSTS = (
    *("203.0.113.77", "3405803853", "0xcb.0x0.0x71.0x4d", "0313.0.0161.0115", "203.113", "[::1]", "[2001:db8::1]"),
    *("127.0.0.1", "localhost", "a.localhost", "single", "x.local", "y.internal", "z.home.arpa", "home.arpa"),
    *("a..example", ".a.example", "-a.example", "a-.example", "_a.example", "a_b.example", "a.example1", "a.1"),
    *("a%2eexample", "a.exam%70le", "a;b.example", "a,b.example", "a~b.example", "*.a.example", "a'.example"),
    *(f"{'a' * 63}.example", f"{'a' * 64}.example", f"{'a.' * 130}example", "0x7f.example", "a.0x7f", "user@a.example"),
    *("x.github.com", "x.gcr.io", "a.b.gcr.io", "api.github.com.a.example", "vault.example.net"),
)
PRESET = sorted({one.removeprefix("*.") for _, names in preset.load().groups for one in names})
LISTED = [one for one in PRESET if one.rpartition(".")[2] in TLDS]  # the lab leads these somewhere


WISHES = st.fixed_dictionaries({"allow": LISTS, "deny": LISTS, "secret": st.booleans()})


def network_at(level: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    access, _, defaults = level.partition(" ")
    network: dict[str, Any] = {"access": access, "deny": wish["deny"]}
    if access == "custom":
        network |= {"allow": wish["allow"], "include_defaults": bool(defaults)}
    if access != "none" and wish["secret"]:
        network["secrets"] = grounds.NETWORKS["custom"]["secrets"]
    return network


@st.composite
def urls(draw: st.DrawFn) -> str:
    """As a client with a proxy sends it: with a scheme, without a fragment."""
    bends: list[Callable[[str], str]] = [str, str, str, str.upper, "{}.".format, "x.{}".format, "x{}".format]
    host = draw(st.one_of(NAMES, NAMES, st.sampled_from(LISTED), st.sampled_from(ODD_HOSTS)))
    bent = draw(st.sampled_from(bends))(host)
    port = draw(st.sampled_from(["", "", "", "", ":80", ":443", ":8080", ":0", ":65536", ":", ":00443"]))
    scheme = draw(st.sampled_from(["http", "https", "ws", "wss"]))
    return f"{scheme}://{bent}{port}/"


@pytest.fixture(scope="module")
def session(site: Toolkit, sessions: Callable[..., str], lab: Lab) -> Iterator[str]:
    """In an environment of its own, whose network changes with each example; every name leads to an origin."""
    for tld in TLDS:
        lab.name(f"*.{tld}", A=[lab.addresses.foreign])
    # what needs an approval needs it once: the secret is always the same
    grounds.declare(site.root, NAME, grounds.NETWORKS["custom"])
    site("env", "approve", NAME, "--yes")
    stack = own_things.new_stack()
    site("up", "--yes", "--stack", stack, NAME)
    found = sessions(NAME)
    yield found
    site("rm", found, "--yes", "--force")
    site("destroy", "--yes", "--force", "--stack", stack, NAME)
    (site.root / "envs" / f"{NAME}.yaml").unlink()


def asked(seat: SessionSeat, url: str) -> int | None:
    """What the gateway answers when a client follows this URL."""
    scheme, _, place = url.removesuffix("/").removesuffix(":").partition("://")  # an empty port is left out
    if scheme in {"http", "ws"}:
        return seat.attempt(trying("plain", url=f"http://{place}/", host=place)).status
    host, colon, port = place.rpartition(":")
    given = bool(colon) and not port.endswith("]")
    target = f"{host}:{port or 443}" if given else f"{place}:443"
    return seat.attempt(trying("opening", to=target)).status


@settings(
    max_examples=POLICIES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wish=WISHES, chosen=st.lists(urls(), min_size=URLS, max_size=URLS, unique=True))
@pytest.mark.parametrize("level", LEVELS)
def test_check_and_the_gateway_agree(
    site: Toolkit,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
    level: str,
    wish: dict[str, Any],
    chosen: list[str],
) -> None:
    network = network_at(level, wish)
    for key, value in site.environment.items():
        monkeypatch.setenv(key, value)
    grounds.declare(site.root, NAME, network)
    policy = policy_of(site.root, NAME)
    before = len(site.json("audit", session)["entries"])
    assert site.json("network", "update", session)["sha256"] == policy.sha256
    decisions = [decide(policy, parse(url)) for url in chosen]
    with SessionSeat(site, session) as seat:
        answers = [asked(seat, url) for url in chosen]
    differing = [
        (url, decision.allowed, decision.rule.kind.value, status)
        for url, decision, status in zip(chosen, decisions, answers, strict=True)
        if (status in PASSED, status in REFUSALS) != (decision.allowed, not decision.allowed)
    ]
    assert differing == [], policy.text
    told = until(site, session, lambda found: len(found) >= before + URLS)[before:]
    missing = [(one.url.text, one.rule.kind.value, one.allowed) for one in decisions if not _is_told(one, told)]
    assert missing == [], [(one.host, one.decision, one.rule) for one in told]


def _is_told(decision: Decision, told: list[Entry]) -> bool:
    """The audit has it under the same rule; of what is no request, the gateway may know no host."""
    kind = decision.rule.kind
    hosts = {decision.url.host, ""} if kind is RuleKind.MALFORMED else {decision.url.host}
    verdict = "allow" if decision.allowed else "deny"
    rules = {kind.value, decision.rule.pattern}
    return any(one.host in hosts and one.decision == verdict and one.rule in rules for one in told)
