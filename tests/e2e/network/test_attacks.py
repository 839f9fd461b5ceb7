"""The catalogue of attacks, each beside the allowed form of the same act.

The control must arrive: the origin writes it down. The attack must not: no origin writes anything down, no name that is
not allowed is looked up, the audit holds the refusal with its rule, and the gateway lives on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.network.arena import arrivals
from tests.e2e.network.attacks import ATTACKS, Attack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.network.arena import Arena
    from tests.e2e.network.audit import Entry

ENOUGH = 60


def test_the_catalogue_is_whole() -> None:
    assert len(ATTACKS) >= ENOUGH
    assert len({one.id for one in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.id)
def test_attack(attack: Attack, arena: Arena, record_property: Callable[[str, object], None]) -> None:
    record_property("attack", attack.what)
    alive = arena.gateway_is_alive()
    known = arena.audit.count()
    _control(attack, arena)

    mark = arena.lab.mark()
    answer = arena.seat.attempt(attack.attempt.filled(arena.words))
    record_property("answer", answer.status or answer.error.partition(":")[0])
    entries = arena.audit.since(known, lambda found: _is_told(found, attack, arena))
    assert attack.carried or not answer.reached, answer
    assert arrivals(arena.lab.since(mark), attack) == []
    assert _is_told(entries, attack, arena), entries
    record_property("rule", ", ".join(sorted({one.rule for one in entries if one.decision == "deny"})) or "-")
    assert arena.gateway_is_alive() == alive


def _control(attack: Attack, arena: Arena) -> None:
    mark = arena.lab.mark()
    seat = arena.beside if attack.beside else arena.seat
    answer = seat.attempt(attack.control.filled(arena.words))
    assert answer.reached, f"the control failed: {answer}"
    assert not attack.witness or attack.witness in {one.what for one in arena.lab.since(mark)}


def _is_told(found: list[Entry], attack: Attack, arena: Arena) -> bool:
    """The audit holds the control's success and the attack's refusal; what passes the gateway by, it cannot know."""
    if not attack.rules:
        return not any(one.decision == "allow" and one.more["bytes_in"] for one in found)
    names = arena.names_of(attack.rules)
    denied = any(one.decision == "deny" and one.rule in names for one in found)
    return denied and any(one.decision == "allow" for one in found)
