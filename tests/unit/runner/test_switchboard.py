"""Clients that join a session: what they get, and what they type."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import IO, TYPE_CHECKING, Any

import pytest

from toolkit.runner.switchboard import SOCKET, Switchboard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Client:
    def __init__(self, plug: socket.socket) -> None:
        self._plug = plug
        self._lines: IO[str] = plug.makefile("r")

    def event(self) -> dict[str, Any]:
        return dict(json.loads(self._lines.readline()))

    def until(self, kind: str) -> list[dict[str, Any]]:
        """All events up to this one, which is left out."""
        found: list[dict[str, Any]] = []
        while (event := self.event())["type"] != kind:
            found.append(event)
        return found

    def type(self, text: str) -> None:
        self._plug.sendall(json.dumps({"typed": text}).encode() + b"\n")

    def leave(self) -> None:
        self._lines.close()
        self._plug.close()


@contextlib.contextmanager
def joined(folder: Path) -> Iterator[Client]:
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    plug.settimeout(20)
    plug.connect(str(folder / SOCKET))
    client = Client(plug)
    try:
        yield client
    finally:
        client.leave()


@pytest.fixture
def board(tmp_path: Path) -> Switchboard:
    """It answers everything that is typed but `quiet`."""
    return Switchboard(tmp_path, lambda text: "" if text == "quiet" else f"got {text!r}")


def say(board: Switchboard, text: str) -> None:
    board.tell({"type": "output", "text": text})


def test_who_joins_gets_what_the_turn_has_said_and_then_the_rest(board: Switchboard, tmp_path: Path) -> None:
    board.tell({"type": "turn-started"})
    say(board, "of an earlier turn")
    board.tell({"type": "turn-started"})
    say(board, "before")
    with joined(tmp_path) as one, joined(tmp_path) as other:
        for client in (one, other):
            assert [found.get("text") for found in client.until("joined")] == [None, "before"]
        say(board, "after")
        assert one.event()["text"] == other.event()["text"] == "after"


def test_a_long_turn_is_repeated_in_part_its_newest(board: Switchboard, tmp_path: Path) -> None:
    for number in range(1000):
        say(board, f"{number} " + "x" * 1000)
    with joined(tmp_path) as client:
        found = [int(one["text"].split()[0]) for one in client.until("joined")]
    assert found == list(range(1000))[-len(found) :]
    assert 200 < len(found) < 300


def test_what_is_typed_arrives_and_a_remark_comes_back_to_who_typed(board: Switchboard, tmp_path: Path) -> None:
    with joined(tmp_path) as one, joined(tmp_path) as other:
        one.until("joined")
        other.until("joined")
        one.type("quiet")
        one.type("ü\n")
        assert one.event() == {"type": "remark", "text": "got 'ü\\n'"}
        say(board, "for all")
        assert other.event()["text"] == "for all"


def test_one_who_leaves_or_writes_nonsense_disturbs_nobody(board: Switchboard, tmp_path: Path) -> None:
    with joined(tmp_path) as stays:
        stays.until("joined")
        with joined(tmp_path) as leaves:
            leaves.until("joined")
            leaves._plug.sendall(b"no JSON\n")
        for number in range(50):
            say(board, str(number))
        assert [stays.event()["text"] for _ in range(50)] == [str(one) for one in range(50)]


def test_the_last_events_arrive_before_it_closes(board: Switchboard, tmp_path: Path) -> None:
    with joined(tmp_path) as client:
        client.until("joined")
        for number in range(500):
            say(board, str(number))
        board.close()
        assert [client.event()["text"] for _ in range(500)] == [str(one) for one in range(500)]


def test_a_folder_that_takes_no_socket_does_not_end_the_session(tmp_path: Path) -> None:
    (tmp_path / SOCKET).mkdir()
    say(Switchboard(tmp_path, lambda _: ""), "on")
