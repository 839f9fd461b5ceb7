"""Forty sessions at once on one engine, from four clients."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.watching import watching
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

    Started = Callable[[], list[dict[str, Any]]]

CLIENTS = 4
EACH = 10
KEYS = "id environment revision state exit_code branch task agent repository turns created started finished"


@pytest.mark.timeout(540)
def test_forty_sessions_from_four_clients(toolkit: Toolkit, engine: DockerEngine, started: Started) -> None:
    def start(client: int) -> list[str]:
        tasks = (f"echo client {client} task {number}" for number in range(EACH))
        return [str(toolkit.json("remote", task, "--detach")["session"]["id"]) for task in tasks]

    with watching(toolkit) as follower, ThreadPoolExecutor(CLIENTS) as clients:
        ids = [one for mine in clients.map(start, range(CLIENTS)) for one in mine]
        assert len(set(ids)) == CLIENTS * EACH
        waiting = set(ids)
        while waiting:
            (*_, line) = follower.until(lambda one: any(f" {known} idle " in one for known in waiting))
            waiting.discard(line.split()[1])
    rows = {one["id"]: one for one in started()}
    assert set(rows) == set(ids)
    assert {(one["state"], one["exit_code"], one["turns"]) for one in rows.values()} == {("idle", 0, 1)}
    assert all(set(KEYS.split()) <= set(one) for one in rows.values())
    assert len({one["task"] for one in rows.values()}) == CLIENTS * EACH
    idle = {one["id"]: one for one in toolkit.json("tasks", "--state", "idle")["sessions"]}
    assert rows.items() <= idle.items()  # the same list, the same rows, every time
    assert not set(ids) & {one["id"] for one in toolkit.json("tasks", "--state", "running")["sessions"]}
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda one: toolkit("rm", one, "--yes"), ids))
    assert started() == []
    assert not set(ids) & _with_parts(engine)


def _with_parts(engine: DockerEngine) -> set[str]:
    """The sessions of which the engine has a container or a network."""
    of_a_session = {labels.SESSION: ""}
    containers = {one.labels[labels.SESSION] for one in engine.containers(labels=of_a_session)}
    return containers | {one.labels[labels.SESSION] for one in engine.networks(labels=of_a_session)}
