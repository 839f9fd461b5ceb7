"""Whose a lock is, and which ones are nobody's any more."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from toolkit.errors import ToolkitError
from toolkit.model.event import Event, ignore
from toolkit.provision import locks
from toolkit.provision.place import StackPlace

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 30.0


@pytest.fixture
def place(tmp_path: Path) -> StackPlace:
    return StackPlace(root=tmp_path, folder=tmp_path / "infra", project="toolkit", name="local")


def lock(place: StackPlace, *, pid: int, host: str = "") -> Path:
    assert place.backend is not None
    folder = place.backend / ".pulumi" / "locks" / "organization" / "toolkit" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{pid}-{host}.json"
    body = {"pid": pid, "username": "ada", "hostname": host or socket.gethostname(), "timestamp": "2026-01-02"}
    path.write_text(json.dumps(body))
    return path


def started_by(client: str) -> subprocess.Popen[bytes]:
    """A program that runs until it is killed, and says that this process of toolkit started it."""
    child = subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(300)"],
        env={**os.environ, locks.CLIENT_VARIABLE: client},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    return child


def test_only_locks_of_processes_that_are_gone_are_removed(place: StackPlace) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(timeout=SECONDS)
    dead = lock(place, pid=ended.pid)
    live = lock(place, pid=os.getpid())
    elsewhere = lock(place, pid=ended.pid, host="another.example.com")
    assert [one.path for one in locks.drop_stale(place)] == [dead]
    assert sorted(one.path for one in locks.locks(place)) == sorted([live, elsewhere])
    locks.settle(place, ignore)  # waits for neither
    assert live.exists()
    assert elsewhere.exists()


def test_a_process_that_has_ended_but_was_not_reaped_holds_no_lock(place: StackPlace) -> None:
    child = subprocess.Popen([sys.executable, "-c", "print(1)"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    lock(place, pid=child.pid)
    (found,) = locks.locks(place)
    assert found.is_stale
    child.wait(timeout=SECONDS)
    child.stdout.close()


def test_a_lock_says_who_holds_it(place: StackPlace) -> None:
    lock(place, pid=4711, host="builder.example.com")
    (found,) = locks.locks(place)
    assert str(found) == "process 4711 of ada on builder.example.com since 2026-01-02"
    assert not found.is_stale
    assert not found.is_abandoned


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells which process started another")
def test_a_lock_whose_toolkit_was_killed_is_waited_for(place: StackPlace) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait(timeout=SECONDS)
    child = started_by(f"{gone.pid} 1")
    left = lock(place, pid=child.pid)
    seen: list[Event] = []

    def told(event: Event) -> None:
        seen.append(event)
        child.kill()  # only now: it lives until somebody waits for it

    try:
        locks.settle(place, told)
    finally:
        child.kill()
        child.communicate(timeout=SECONDS)
    assert not left.exists()
    assert [one.text.partition(" (")[0] for one in seen] == [
        "an earlier call was killed; waiting until its Pulumi ends"
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells which process started another")
def test_one_that_does_not_end_is_named(place: StackPlace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "ENDING_SECONDS", -locks._MORE_SECONDS)
    child = started_by(f"{os.getpid()} 1")  # our number, another process
    left = lock(place, pid=child.pid)
    try:
        with pytest.raises(ToolkitError, match=f"process {child.pid} of ada") as refused:
            locks.settle(place, ignore)
        assert f"kill {child.pid}" in refused.value.hint
        assert left.exists()
    finally:
        child.kill()
        child.communicate(timeout=SECONDS)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody tells which process started another")
def test_one_whose_toolkit_lives_is_not_waited_for(place: StackPlace) -> None:
    child = started_by(locks.identity(os.getpid()))
    lock(place, pid=child.pid)
    try:
        (found,) = locks.locks(place)
        assert not found.is_abandoned
        locks.settle(place, ignore)
    finally:
        child.kill()
        child.communicate(timeout=SECONDS)
