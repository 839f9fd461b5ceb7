"""The catalogue of attacks, each beside the allowed form of the same act.

The control must arrive: the origin writes it down. The attack must not: no origin writes anything down, no name that is
not allowed is looked up, the audit holds the refusal with its rule, and the gateway lives on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.network.arena import arrivals
from tests.e2e.network.attacks import ATTACKS, Attack, Told
from tests.e2e.network.names import OPEN

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
    """`verdict` is what tools/attack prints: as far as the attack came."""
    record_property("attack", attack.what)
    alive = arena.gateway_is_alive()
    arena.fence()
    record_property("verdict", "control failed")
    _control(attack, arena)
    arena.fence()
    known, mark = arena.audit.count(), arena.lab.mark()
    record_property("verdict", "no answer")
    answer = arena.seat.attempt(attack.attempt.filled(arena.words))
    record_property("answer", answer.status or answer.error.partition(":")[0])
    record_property("verdict", "NOT REFUSED")
    assert attack.carried or not answer.reached, answer
    assert arrivals(arena.lab.since(mark), attack) == []
    record_property("verdict", "not in the audit")
    entries = _told(attack, arena, known)
    record_property("rule", ", ".join(sorted({one.rule for one in entries if one.decision == "deny"})) or "-")
    record_property("verdict", "gateway ended")
    assert arena.gateway_is_alive() == alive
    record_property("verdict", "held")


def _control(attack: Attack, arena: Arena) -> None:
    """It arrives, and where the gateway let it pass, the audit says so."""
    mark, known = arena.lab.mark(), arena.audit.count()
    seat = arena.beside if attack.beside else arena.seat
    answer = seat.attempt(attack.control.filled(arena.words))
    assert answer.reached, f"the control failed: {answer}"
    assert not attack.witness or attack.witness in {one.what for one in arena.lab.since(mark)}
    if not attack.beside:
        told = arena.audit.since(known, lambda found: any(one.decision == "allow" for one in found))
        assert any(one.decision == "allow" for one in told), told


def _told(attack: Attack, arena: Arena, known: int) -> list[Entry]:
    """What the audit holds of the attack, being what it must."""
    if attack.told is Told.REFUSED:
        names = arena.names_of(attack.rules)

        def refused(found: list[Entry]) -> bool:
            return any(one.decision == "deny" and one.rule in names for one in found)

        entries = arena.audit.since(known, refused)
        assert refused(entries), entries
        return entries
    entries = arena.fence(known)
    if attack.told is Told.UNHEARD:
        assert entries == []
    else:
        assert [(one.host, one.decision, one.more["bytes_in"]) for one in entries] == [(OPEN, "allow", 0)], entries
        assert "left before" in entries[0].more["reason"]
    return entries
