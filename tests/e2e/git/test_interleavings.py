"""Whatever happens in whatever order, no commit is lost: it is at the remote, in the session or at home."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.e2e.git.world import World
from tests.support.git import git

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 20
SEEDS = range(10)
LENGTHS = (3, 7)
# Weights: most of the time work is done, so that there is something to lose.
STEPS = {
    "commit": 6,
    "commit_aside": 1,
    "merge_aside": 2,
    "push": 3,
    "push_cut_off": 2,
    "gateway_killed": 2,
    "turn_ends": 2,
    "stop": 1,
    "kill": 2,
    "go_down": 1,
    "come_up": 2,
    "somebody_pushes": 1,
    "somebody_deletes_the_branch": 1,
    "come_home": 2,
    "homecoming_cut_off": 1,
    "remove": 3,
}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_commit_is_lost(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty interleavings a seed, one after the other in the same world."""
    world = World(tmp_path / "world", random.Random(seed))
    monkeypatch.chdir(world.home)
    try:
        for _ in range(ROUNDS):
            for step in world.chance.choices(list(STEPS), list(STEPS.values()), k=world.chance.randint(*LENGTHS)):
                world.done.append(step)
                getattr(world, step)()
                assert world.lost() == [], "\n".join(world.done)
                assert world.strange_refs() == [], "\n".join(world.done)
        world.come_up()
        world.come_home()
        before = world.removed
        for step in ("commit", "merge_aside", "push", "turn_ends", "remove"):
            getattr(world, step)()
        assert world.removed == before + 1, "\n".join(world.done)  # what is at the remote need not be kept
        assert world.lost() == []
        assert git(world.home, "status", "--porcelain") == ""
        assert git(world.home, "fsck", "--connectivity-only", "--no-dangling") == ""
        assert git(world.remote, "fsck", "--connectivity-only", "--no-dangling") == ""
    finally:
        world.close()
