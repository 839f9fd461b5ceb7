from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import EngineError
from toolkit.sessions import subnets

if TYPE_CHECKING:
    from pathlib import Path

ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


@given(st.lists(st.integers(0, 31), max_size=31, unique=True))
def test_a_choice_is_free_whatever_is_taken(taken: list[int]) -> None:
    pool = IPv4Network("10.213.0.0/24")
    used = [list(pool.subnets(new_prefix=29))[index] for index in taken]
    chosen = subnets.choose(["10.213.0.0/24"], used)
    assert chosen.prefixlen == 29
    assert chosen.subnet_of(pool)
    assert not any(chosen.overlaps(one) for one in used)


def test_a_full_pool_goes_on_in_the_next_one() -> None:
    full = [IPv4Network("10.1.0.0/29")]
    assert subnets.choose(["10.1.0.0/29", "10.2.0.0/29"], full) == IPv4Network("10.2.0.0/29")


def test_no_room_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="no free subnet") as caught:
        subnets.choose(["10.1.0.0/29"], [IPv4Network("10.0.0.0/8")])
    assert "site.subnets" in caught.value.hint


def test_the_hosts_routes_and_resolvers_count_but_not_its_default_route(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTES)
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.53\nnameserver ::1\nsearch example.com\n")
    found = subnets.taken_by_host(tmp_path / "route", tmp_path / "resolv.conf")
    assert set(found) == {IPv4Network("192.0.2.0/24"), IPv4Network("192.0.2.53/32")}


def test_a_host_that_shows_no_routes_takes_nothing(tmp_path: Path) -> None:
    assert subnets.taken_by_host(tmp_path / "none", tmp_path / "none") == ()


def test_ipv6_networks_of_the_engine_do_not_matter() -> None:
    assert subnets.taken_by_networks(["fd00::/64", "172.17.0.0/16"]) == (IPv4Network("172.17.0.0/16"),)
