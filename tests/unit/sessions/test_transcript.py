from __future__ import annotations

import io
import json
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from toolkit.engines.base import EngineContainer
from toolkit.errors import NotFoundError
from toolkit.paths import schema
from toolkit.runner.transcript import Transcript
from toolkit.sessions import transcript
from toolkit.sessions.plan import STATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.engines.base import Engine


@dataclass
class FakeEngine:
    """One container: its log as the engine still has it, and its state folder in `folder`."""

    folder: Path
    log: list[bytes]
    asked: list[str] = field(default_factory=list)
    before_answer: Callable[[str], None] = lambda _path: None
    readable: int | None = None
    looks: list[str] = field(default_factory=lambda: ["exited"])

    def logs(self, _identity: str, *, follow: bool) -> Iterator[bytes]:
        assert follow in {True, False}
        yield from self.log[: self.readable]

    def last_log(self, _identity: str) -> bytes:
        return self.log[-1]

    def container(self, identity: str) -> EngineContainer:
        status = self.looks.pop(0)
        return EngineContainer(id=identity, name="", image="", status=status, labels={}, created="")

    def get_archive(self, _identity: str, path: str) -> Iterator[bytes]:
        self.asked.append(path)
        self.before_answer(path)
        source = self.folder / Path(path).relative_to(STATE_FOLDER)
        if not source.exists():
            raise NotFoundError(path)
        whole = io.BytesIO()
        with tarfile.open(fileobj=whole, mode="w") as tar:
            tar.add(source, arcname=source.name, recursive=False)
            for one in sorted(source.iterdir()) if source.is_dir() else ():
                tar.add(one, arcname=f"{source.name}/{one.name}")
        content = whole.getvalue()
        yield from (content[index : index + 700] for index in range(0, len(content), 700))


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> FakeEngine:
    """Forty events in several parts, all of them in the log."""
    whole = Transcript(tmp_path / "transcript.jsonl", segment_bytes=500)
    for index in range(1, 41):
        whole.write("output", 1, stream="stdout", text=f"{index}\n")
    log = [line.encode() for line in capsys.readouterr().out.splitlines(keepends=True)]
    deadline = time.monotonic() + 20
    while any(one.suffix != ".gz" for one in (tmp_path / "transcript").iterdir()):
        assert time.monotonic() < deadline, "the parts were not packed in time"
        time.sleep(0.01)
    assert len(list((tmp_path / "transcript").iterdir())) > 3
    return FakeEngine(folder=tmp_path, log=log)


def told(engine: FakeEngine) -> list[dict[str, Any]]:
    return list(transcript.events(cast("Engine", engine), "a container", follow=True))


def texts(engine: FakeEngine) -> list[str]:
    return [str(one.get("text", one["type"])).strip() for one in told(engine)]


EVERYTHING = [str(index) for index in range(1, 41)]


@given(st.lists(st.text(max_size=30), max_size=10), st.integers(1, 7))
def test_events_survive_any_cut_of_the_stream(texts: list[str], size: int) -> None:
    whole = b"".join(json.dumps({"type": "output", "text": text}).encode() + b"\n" for text in texts)
    chunks = [whole[index : index + size] for index in range(0, len(whole), size)]
    found = [transcript.parse(line) for line in transcript.lines(chunks)]
    assert [event["text"] for event in found if event] == texts


def test_lines_that_are_no_events_are_passed_over() -> None:
    for line in (b"", b"plain text", b"[1]", b'{"no": "type"}', b'{"type": 1}', b"\xff\xfe"):
        assert transcript.parse(line) is None


def test_what_an_agent_calls_crc_is_its_own_affair() -> None:
    event = {"type": "agent", "event": {"a": 1, "crc": 5}}
    assert transcript.parse(json.dumps(event).encode()) == event
    assert transcript.parse(json.dumps({**event, "text": "x"}).encode()) == {**event, "text": "x"}


def test_a_whole_log_needs_no_files(written: FakeEngine) -> None:
    assert texts(written) == EVERYTHING
    assert written.asked == []


@pytest.mark.parametrize("missing", [range(1), range(39), range(5, 7), range(1, 39), [0, 3, 9, 10, 38]])
def test_what_the_log_has_no_more_comes_from_the_files(written: FakeEngine, missing: list[int]) -> None:
    written.log = [line for index, line in enumerate(written.log) if index not in missing]
    assert texts(written) == EVERYTHING


def test_a_line_that_was_cut_in_two_comes_from_the_files(written: FakeEngine) -> None:
    written.log[0] = written.log[0][30:]
    written.log[20] = written.log[20][:30]
    assert texts(written) == EVERYTHING


def test_what_stands_behind_a_line_that_the_engine_cannot_read_comes_from_the_files(written: FakeEngine) -> None:
    written.log[20] = written.log[20][:30]
    written.readable = 20
    assert texts(written) == EVERYTHING


def test_a_follower_goes_on_behind_a_line_that_the_engine_cannot_read(written: FakeEngine) -> None:
    """A look at a time, for as long as the session runs."""
    whole, written.readable = written.log, 20
    written.log = [*whole[:20], b"cut off"]
    written.looks = ["running", "running", "exited"]
    found = transcript.events(cast("Engine", written), "a container", follow=True)
    assert [next(found)["text"].strip() for _ in range(20)] == EVERYTHING[:20]
    written.log = whole[:30]
    assert [next(found)["text"].strip() for _ in range(10)] == EVERYTHING[20:30]
    written.log = whole
    assert [one["text"].strip() for one in found] == EVERYTHING[30:]


def test_what_the_engine_says_twice_is_told_once(written: FakeEngine) -> None:
    """As Docker does to followers when it rotates: a piece of a line, and what it gave already."""
    written.log[20:20] = [written.log[20][:30], b"\n", *written.log[15:20]]
    assert texts(written) == EVERYTHING


def test_a_long_event_of_which_a_piece_came_twice_comes_from_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Transcript(tmp_path / "transcript.jsonl")
    text = "".join(f"{index:9d}\n" for index in range(5000)) + '"crc": 1, "'
    for _ in range(2):
        whole.write("output", 1, stream="stdout", text=text)
    log = [line.encode() for line in capsys.readouterr().out.splitlines(keepends=True)]
    assert texts(FakeEngine(folder=tmp_path, log=log)) == [text.strip()] * 2
    piece = log[0][16384:32768]
    assert transcript.parse(log[0].replace(piece, piece + piece)) is None
    log[0] = log[0].replace(piece, piece + piece)
    assert texts(FakeEngine(folder=tmp_path, log=log)) == [text.strip()] * 2


def test_numbers_that_begin_anew_are_no_repetition(written: FakeEngine) -> None:
    """A session whose full disk could not keep how far it was."""
    again = {"time": "2999-01-01T00:00:00.000Z", "seq": 20, "type": "output", "turn": 2, "text": "anew"}
    written.log.append(json.dumps(again).encode() + b"\n")
    assert texts(written) == [*EVERYTHING, "anew"]


def test_what_is_nowhere_is_told_as_lost(written: FakeEngine) -> None:
    parts = sorted((written.folder / "transcript").iterdir())
    first, last = (int(number) for number in parts[1].name.partition(".")[0].split("-"))
    parts[1].unlink()
    written.log = written.log[-1:]
    found = told(written)
    (lost,) = [one for one in found if one["type"] == "lost"]
    assert (lost["first"], lost["last"]) == (first, last)
    assert [one["text"].strip() for one in found if one["type"] == "output"] == [
        one for one in EVERYTHING if not first <= int(one) <= last
    ]
    Draft202012Validator(json.loads(schema("transcript").read_text())).validate(lost)


def test_without_any_file_everything_older_is_lost(written: FakeEngine) -> None:
    written.folder = written.folder / "none"
    written.log = written.log[-2:]
    assert texts(written) == ["lost", "39", "40"]


def test_a_part_that_moves_while_it_is_looked_for_is_found(written: FakeEngine) -> None:
    """The newest events' file is packed between the two questions."""
    newest = written.folder / "transcript.jsonl"
    first = json.loads(newest.read_bytes().splitlines()[0])["seq"]

    def pack(path: str) -> None:
        if path.endswith(".jsonl") and newest.stat().st_size:
            newest.rename(written.folder / "transcript" / f"{first:012d}-{40:012d}.jsonl")
            newest.touch()

    written.before_answer = pack
    written.log = [written.log[0], json.dumps({"time": "", "seq": 41, "type": "session-idle", "turn": 1}).encode()]
    assert texts(written) == [*EVERYTHING, "session-idle"]


def test_files_that_the_agent_spoiled_harm_nobody(written: FakeEngine) -> None:
    parts = sorted((written.folder / "transcript").iterdir())
    parts[0].write_bytes(b"\x1f\x8bnot really packed")
    (written.folder / "transcript" / ("9" * 5000 + "-1.jsonl")[:200]).write_text("{}")
    written.log = written.log[-1:]
    found = texts(written)
    assert found[0] == "lost"
    assert found[-1] == "40"
