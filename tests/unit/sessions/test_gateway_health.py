"""What a look into a gateway prints, and what is made of it."""

from __future__ import annotations

import pytest

from toolkit.sessions.gateway_health import MANY_CONNECTIONS, health


def test_a_gateway_that_fares_well_has_no_complaints() -> None:
    found = health("connections 3\nanswers 403\n")
    assert (found.refuses, found.connections, found.full, found.complaints) == (True, 3, (), ())


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ("connections 0\n", "it does not answer as it must"),
        ("connections 0\nanswers 200\n", "it does not answer as it must"),
        ("full /tmp\nconnections 0\nanswers 403\n", "/tmp is full"),
        (f"connections {MANY_CONNECTIONS}\nanswers 403\n", f"{MANY_CONNECTIONS} connections are open"),
    ],
)
def test_each_complaint_is_told(told: str, complaint: str) -> None:
    assert health(told).complaints == (complaint,)


def test_what_says_nothing_is_no_healthy_gateway() -> None:
    assert health("").complaints != ()
