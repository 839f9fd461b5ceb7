"""Builds at once: the first of a base goes ahead, the rest side by side."""

from __future__ import annotations

import asyncio

import pytest

from toolkit.provision.airgapped.turns import Turns


async def builds(turns: Turns, bases: list[str], *, broken: tuple[int, ...] = ()) -> list[str]:
    """Start one build for each base, in order; what began and ended, each build two rounds of the loop long."""
    told: list[str] = []

    async def build(number: int, base: str) -> None:
        async with turns.turn(base):
            told.append(f"+{number}")
            for _ in range(20):
                await asyncio.sleep(0)
            told.append(f"-{number}")
            if number in broken:
                raise ValueError(number)

    await asyncio.wait_for(
        asyncio.gather(*(build(number, base) for number, base in enumerate(bases)), return_exceptions=True), timeout=30
    )
    return told


def most_at_once(told: list[str]) -> int:
    running = [sum(1 if one[0] == "+" else -1 for one in told[: end + 1]) for end in range(len(told))]
    return max(running)


def test_the_first_of_a_base_goes_ahead() -> None:
    told = asyncio.run(builds(Turns(at_once=3), ["a"] * 6))
    assert told[:2] == ["+0", "-0"]
    assert most_at_once(told) == 3
    assert sorted(told) == sorted(f"{sign}{number}" for sign in "+-" for number in range(6))


def test_other_bases_do_not_wait_for_it() -> None:
    told = asyncio.run(builds(Turns(at_once=4), ["a", "b", "a", "b"]))
    assert set(told[:2]) == {"+0", "+1"}
    assert most_at_once(told) == 2


def test_never_more_than_the_machine_can_do() -> None:
    assert most_at_once(asyncio.run(builds(Turns(at_once=2), list("abcdef")))) == 2


@pytest.mark.parametrize("broken", [(0,), (0, 1), (0, 1, 2)])
def test_a_broken_one_leads_nobody(broken: tuple[int, ...]) -> None:
    told = asyncio.run(builds(Turns(at_once=4), ["a"] * 4, broken=broken))
    assert told[: 2 * len(broken)] == [f"{sign}{number}" for number in broken for sign in "+-"]
    assert len(told) == 8
