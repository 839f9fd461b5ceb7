"""Ids that collide: the engine holds that there is one container of a name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from toolkit.model.event import ignore
from toolkit.workflows import remote
from toolkit.workflows.remote import RemoteOrder

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine


@pytest.mark.parametrize("archived", [False, True])
def test_an_id_that_is_taken_is_left_to_who_has_it(
    toolkit: Toolkit, checkout: Path, engine: DockerEngine, monkeypatch: pytest.MonkeyPatch, *, archived: bool
) -> None:
    first = toolkit.json("remote", "echo first", "--wait")["session"]["id"]
    if archived:
        toolkit("archive", first)
    for name, value in toolkit.environment.items():
        monkeypatch.setitem(os.environ, name, value)
    ids = iter((first, f"{first}0"))
    monkeypatch.setattr(remote, "new_id", lambda: next(ids))
    second = remote.start(toolkit.root, engine, RemoteOrder(task="echo second", repository=str(checkout)), ignore)
    assert second.id == f"{first}0"
    assert toolkit("logs", second.id).returncode == 0
    toolkit("wait", second.id)
    assert toolkit("logs", first).stdout == "first\n"
    assert toolkit("logs", second.id).stdout == "second\n"
    if archived:
        toolkit("resume", first)
    toolkit("send", first, "echo again")
    toolkit("wait", first)
    assert toolkit("logs", first).stdout == "first\nagain\n"
