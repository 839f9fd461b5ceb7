"""The gateway's log as entries: what Squid 5.7 was seen to write, and what it must not be taken for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from toolkit import preset
from toolkit.model.environment import Access, NetworkSpec, SecretSource, SecretSpec
from toolkit.model.gateway import PROBE_HOST
from toolkit.network import audit
from toolkit.network.policy import compile_policy

if TYPE_CHECKING:
    from toolkit.model.audit import AuditTrail

POLICY = compile_policy(
    NetworkSpec(
        access=Access.CUSTOM,
        allow=("a.example.com", "*.wild.example.com"),
        deny=("bad.wild.example.com",),
        secrets=(
            SecretSpec(name="s", hosts=("pay.example.com",), header="Authorization", source=SecretSource(env="T")),
        ),
    ),
    path="envs/x.yaml",
    places={},
    preset=preset.load(),
    registries=(),
)
STARTED = json.dumps({"event": "started", "time": "2026-01-31T12:00:00.000Z", "policy": POLICY.sha256}).encode()


def line(number: int, **fields: object) -> bytes:
    usual = {
        "n": number,
        "t": 1795580607.195,
        "ms": 4,
        "method": "GET",
        "scheme": "http",
        "host": "a.example.com",
        "port": "80",
        "policy": "allow:allow",
        "bump": "-",
        "sni": "-",
        "status": 200,
        "result": "TCP_MISS",
        "in": 327,
        "out": 95,
        "client": 49210 + number,
        "error": "-",
    }
    return json.dumps({**usual, **fields}).encode()


def tunnel(number: int, **fields: object) -> bytes:
    usual = {"method": "CONNECT", "scheme": "-", "port": "443", "result": "NONE_NONE", "bump": "splice", "in": 0}
    return line(number, **{**usual, "sni": fields.get("host", "a.example.com"), **fields})


def trail(*lines: bytes) -> AuditTrail:
    return audit.trail((STARTED, *lines), lambda sha256: POLICY if sha256 == POLICY.sha256 else None)


def test_a_request_that_passed() -> None:
    (entry,) = trail(line(0)).entries
    assert (entry.decision, entry.rule, entry.host, entry.port) == ("allow", "a.example.com", "a.example.com", 80)
    assert (entry.bytes_in, entry.bytes_out, entry.milliseconds) == (327, 95, 4)
    assert entry.url == "http://a.example.com/"
    assert entry.time.endswith("Z")


def test_a_tunnel_is_one_entry_with_the_figures_of_its_end() -> None:
    end = tunnel(1, client=49210, result="TCP_TUNNEL", **{"in": 1585, "out": 719})
    (entry,) = trail(tunnel(0), end).entries
    assert (entry.method, entry.url, entry.bytes_in, entry.open) == ("CONNECT", "https://a.example.com/", 1585, False)


def test_a_tunnel_that_is_open_is_there_already() -> None:
    (entry,) = trail(tunnel(0)).entries
    assert entry.open
    assert entry.allowed


def test_two_tunnels_of_one_port_after_each_other_are_two() -> None:
    lines = [tunnel(index, client=5, **({"result": "TCP_TUNNEL"} if index % 2 else {})) for index in range(4)]
    assert len(trail(*lines).entries) == 2


def test_refusals_name_their_rule() -> None:
    denied = line(0, host="bad.wild.example.com", policy="deny:deny", status=403)
    apex = line(1, host="wild.example.com", policy="deny:default", status=403)
    address = line(2, host="203.0.113.9", policy="deny:address", status=403)
    private = line(3, policy="deny:address", status=403)
    rules = [(one.decision, one.rule) for one in trail(denied, apex, address, private).entries]
    assert rules == [
        ("deny", "bad.wild.example.com"),
        ("deny", "(nothing else)"),
        ("deny", "(any IP address)"),
        ("deny", "address"),
    ]


def test_a_tunnel_whose_hello_names_another_host_is_a_refusal() -> None:
    for fields in (
        {"bump": "terminate", "sni": "other.example.com"},
        {"bump": "terminate", "sni": "-"},
        {"bump": "peek"},
    ):
        (entry,) = trail(tunnel(0, **fields)).entries
        assert (entry.decision, entry.rule) == ("deny", "protocol" if fields["bump"] == "peek" else "sni")


def test_a_client_that_left_before_its_hello_was_not_refused() -> None:
    """Clients cancel connections; nothing was sent through the tunnel, and nothing may be told as refused."""
    (entry,) = trail(tunnel(0, bump="peek", sni="-", result="NONE_NONE_ABORTED", error="ERR_CLIENT_GONE")).entries
    assert (entry.decision, entry.rule, entry.bytes_in) == ("allow", "a.example.com", 0)
    assert "left before" in entry.reason


def test_a_client_that_left_after_a_hello_for_another_host_is_told_with_it() -> None:
    """Leaving before the verdict hides nothing."""
    gone = {"bump": "peek", "result": "NONE_NONE_ABORTED", "error": "ERR_CLIENT_GONE"}
    (entry,) = trail(tunnel(0, sni="other.example.com", **gone)).entries
    assert (entry.decision, entry.rule) == ("deny", "sni")
    assert "names other.example.com" in entry.reason
    assert trail(tunnel(0, sni="A.example.com.", **gone)).entries[0].allowed


def test_what_is_no_request_is_a_refusal_and_silence_is_nothing() -> None:
    broken = line(0, method="-", host="-", port="-", scheme="-", policy="-", status=400, error="-")
    nothing = {"method": "-", "host": "-", "port": "-", "scheme": "-", "policy": "-", "status": 0, "in": 0}
    silent = line(1, **nothing, out=0, error="ERR_CLIENT_GONE")
    after_an_answer = line(2, **nothing, out=2)
    greeting = line(3, **nothing, out=9, error="ERR_CLIENT_GONE")  # of SOCKS, which never becomes a request
    found = trail(broken, silent, after_an_answer, greeting)
    assert [(one.decision, one.rule, one.host) for one in found.entries] == [("deny", "malformed", "")] * 2
    assert (found.lost, found.silent) == (0, 1)


def test_the_opening_for_a_secret_is_no_entry_of_its_own() -> None:
    opening = tunnel(0, host="pay.example.com", policy="allow:secret", bump="bump")
    inside = line(1, host="pay.example.com", scheme="https", port="443", policy="allow:secret", sni="pay.example.com")
    (entry,) = trail(opening, inside).entries
    assert (entry.method, entry.rule, entry.url) == ("GET", "pay.example.com", "https://pay.example.com/")


def test_another_host_inside_an_opened_tunnel_is_a_refusal() -> None:
    inside = line(0, host="o.example.com", scheme="https", port="443", policy="-", sni="pay.example.com", status=503)
    assert trail(inside).entries[0].decision == "deny"


def test_the_runners_own_probe_is_no_entry() -> None:
    from_the_session = line(0, host=PROBE_HOST, policy="deny:address", status=403)
    from_within = line(1, host=PROBE_HOST, policy="-", status=403)
    assert trail(from_the_session, from_within).entries == ()
    assert len(trail(line(0, host=PROBE_HOST)).entries) == 1, "let through, it would be told"


def test_lost_lines_are_noticed_and_a_restart_is_none() -> None:
    assert trail(line(0), line(1), STARTED, line(0)).lost == 0
    assert trail(line(0), line(4)).lost == 3
    assert trail(b"{half a line").lost == 1
    assert len(trail(line(0), STARTED).policies) == 2


def test_without_the_policy_the_kind_is_told() -> None:
    found = audit.trail((STARTED, line(0), line(1, policy="deny:default")), lambda _: None)
    assert [(one.decision, one.rule) for one in found.entries] == [("allow", "allow"), ("deny", "default")]


@given(st.lists(st.binary(max_size=60)), st.text(max_size=20))
def test_no_line_breaks_it(garbage: list[bytes], word: str) -> None:
    found = trail(*garbage, line(0, host=word, method=word, policy=f"deny:{word}"))
    assert all(one.decision in {"allow", "deny"} for one in found.entries)
