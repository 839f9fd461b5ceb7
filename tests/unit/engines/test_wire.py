"""The plain-socket client against a small server that says what an engine says."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from toolkit.engines.address import Address
from toolkit.engines.connection import connect
from toolkit.engines.wire import Wire, quoted
from toolkit.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 10.0


class FakeEngine:
    """Answers each connection with the next of its answers, in pieces; keeps what it was sent."""

    def __init__(self, listener: socket.socket, answers: list[bytes], piece: int, *, reads_bodies: bool) -> None:
        self.asked: list[bytes] = []
        self._listener = listener
        self._answers = answers
        self._piece = piece
        self._reads_bodies = reads_bodies

    def serve(self) -> None:
        for answer in self._answers:
            plug, _ = self._listener.accept()
            with plug:
                plug.settimeout(SECONDS)
                self.asked.append(self._request(plug))
                for start in range(0, len(answer), self._piece):
                    plug.sendall(answer[start : start + self._piece])

    def _request(self, plug: socket.socket) -> bytes:
        read = b""
        while b"\r\n\r\n" not in read:
            read += plug.recv(4096)
        head, _, body = read.partition(b"\r\n\r\n")
        length = next((int(one.split(b":")[1]) for one in head.split(b"\r\n") if one.startswith(b"Content-Le")), 0)
        while self._reads_bodies and len(body) < length:
            body += plug.recv(4096)
        return head + b"\r\n\r\n" + body


@contextmanager
def answering(path: Path, *answers: bytes, piece: int = 1 << 20, reads_bodies: bool = True) -> Iterator[FakeEngine]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(SECONDS)
        engine = FakeEngine(listener, list(answers), piece, reads_bodies=reads_bodies)
        thread = threading.Thread(target=engine.serve)
        thread.start()
        try:
            yield engine
        finally:
            thread.join(SECONDS)
            assert not thread.is_alive()


def answer(body: object, status: str = "200 OK") -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Type: application/json\r\n\r\n".encode() + json.dumps(body).encode()


def ping(api: str) -> bytes:
    return f"HTTP/1.0 200 OK\r\nApi-Version: {api}\r\n\r\nOK".encode()


@pytest.fixture
def wire(tmp_path: Path) -> Wire:
    return Wire(address=Address(path=str(tmp_path / "engine.sock")), api="1.41")


@pytest.mark.parametrize(("offered", "spoken"), [("1.41", "1.41"), ("1.9", "1.9"), ("1.56", "1.47")])
def test_both_sides_speak_the_older_api(tmp_path: Path, offered: str, spoken: str) -> None:
    path = tmp_path / "engine.sock"
    with answering(path, ping(offered)):
        assert Wire.open(Address(path=str(path))).api == spoken


def test_what_is_no_engine_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with answering(path, b"HTTP/1.0 200 OK\r\n\r\nhello"), pytest.raises(OSError, match="no container engine"):
        Wire.open(Address(path=str(path)))


def test_what_speaks_something_else_is_said_to(tmp_path: Path) -> None:
    path = tmp_path / "engine.sock"
    with answering(path, b"SSH-2.0\r\n\r\n"), pytest.raises(OSError, match="speaks no HTTP"):
        Wire.open(Address(path=str(path)))


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(EngineError, match=r"nobody\.sock: No such file"):
        connect()


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1 << 20])
def test_an_answer_is_whole_however_it_arrives(tmp_path: Path, wire: Wire, piece: int) -> None:
    body = [{"Id": "sha256:ab", "Labels": {"a": "ä\r\n\r\nb"}}]
    with answering(tmp_path / "engine.sock", answer(body), piece=piece) as engine:
        assert wire.get("/images/json", filters='{"label":["a=b c"]}') == body
    assert engine.asked[0].startswith(b"GET /v1.41/images/json?filters=%7B%22label%22%3A%5B%22a%3Db%20c%22%5D%7D HTTP")


def test_bodies_are_sent_with_their_length(tmp_path: Path, wire: Wire) -> None:
    path = tmp_path / "engine.sock"
    with answering(path, answer({"Id": "x"}, "201 Created"), b"HTTP/1.0 200 OK\r\n\r\n") as engine:
        assert wire.post("/containers/create", {"Image": "one"}, name="n") == {"Id": "x"}
        wire.put("/containers/x/archive", b"tar" * 100_000, path="/")
    assert engine.asked[0].endswith(b'{"Image": "one"}')
    assert engine.asked[1].endswith(b"\r\n\r\n" + b"tar" * 100_000)


def test_refusals_are_errors_in_our_words(tmp_path: Path, wire: Wire) -> None:
    path = tmp_path / "engine.sock"
    with answering(
        path,
        answer({"message": "No such container: x"}, "404 Not Found"),
        answer({"message": "write: no space left on device"}, "500 Internal Server Error"),
        b"",
        b'HTTP/1.0 200 OK\r\n\r\n[{"Id": "sh',
    ):
        with pytest.raises(EngineError, match="does not know it: No such container") as unknown:
            wire.get("/containers/x/json")
        assert unknown.value.code == "engine-not-found"
        with pytest.raises(EngineError, match="refused") as full:
            wire.post("/images/create")
        assert "disk is full" in full.value.hint
        with pytest.raises(EngineError, match="stopped answering"):
            wire.get("/images/json")
        with pytest.raises(EngineError, match="stopped answering: its answer ended too early"):
            wire.get("/images/json")


@pytest.mark.parametrize("content", [b"\0" * (8 << 20), [b"\0" * (8 << 20)]], ids=["whole", "in chunks"])
def test_an_engine_that_answers_before_it_has_read_everything(
    tmp_path: Path, wire: Wire, content: bytes | list[bytes]
) -> None:
    """What it leaves unread makes the kernel reset the connection after the answer."""
    done, refused = b"HTTP/1.0 200 OK\r\n\r\n", b'HTTP/1.0 404 Not Found\r\n\r\n{"message": "No such container: x"}'
    with answering(tmp_path / "engine.sock", done, refused, reads_bodies=False):
        wire.put("/containers/x/archive", content if isinstance(content, bytes) else iter(content))
        with pytest.raises(EngineError, match="No such container: x"):
            wire.put("/containers/x/archive", content if isinstance(content, bytes) else iter(content))


def test_a_stream_comes_as_it_is(tmp_path: Path, wire: Wire) -> None:
    content = bytes(range(256)) * 1000
    with answering(tmp_path / "engine.sock", b"HTTP/1.0 200 OK\r\n\r\n" + content):
        assert b"".join(wire.stream("/containers/x/archive", path="/a")) == content


def test_quoting() -> None:
    assert quoted("toolkit.local/a-1/b:0f") == "toolkit.local/a-1/b%3A0f"
    assert quoted("ä&=") == "%C3%A4%26%3D"
