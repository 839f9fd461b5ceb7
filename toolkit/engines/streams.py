"""Our own stdin, stdout and stderr joined to a process of the engine's."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CHUNK = 65536
_HEADER = struct.Struct(">BxxxL")
_STDERR = 2
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def join_pipes(plug: socket.socket) -> None:
    """Until the process ends: stdin up, and the engine's frames (kind, length, bytes) down to where they belong."""
    _send_stdin(plug)
    while header := _exactly(plug, _HEADER.size):
        kind, length = _HEADER.unpack(header)
        _write_all(2 if kind == _STDERR else 1, _exactly(plug, length))


def unframed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What the engine's frames hold, whichever stream it came from; frames may be cut anywhere."""
    rest = bytearray()
    for chunk in chunks:
        rest += chunk
        while len(rest) >= _HEADER.size:
            _kind, length = _HEADER.unpack_from(rest)
            if len(rest) < _HEADER.size + length:
                break
            yield bytes(rest[_HEADER.size : _HEADER.size + length])
            del rest[: _HEADER.size + length]


def join_terminal(plug: socket.socket, resize: Callable[[int, int], object]) -> None:
    """The same with a terminal: raw mode meanwhile, its size followed, its state restored at the end."""
    with _raw_mode(), _following_size(resize):
        _send_stdin(plug)
        while chunk := plug.recv(_CHUNK):
            _write_all(1, chunk)


def _send_stdin(plug: socket.socket) -> None:
    def pump() -> None:
        # the process may end first: then nobody is there to read the rest
        with contextlib.suppress(OSError):
            while chunk := os.read(0, _CHUNK):
                plug.sendall(chunk)
            plug.shutdown(socket.SHUT_WR)

    threading.Thread(target=pump, daemon=True).start()


def _exactly(plug: socket.socket, length: int) -> bytes:
    """`length` bytes, fewer only at the stream's end."""
    parts = []
    while length and (chunk := plug.recv(min(length, _CHUNK))):
        parts.append(chunk)
        length -= len(chunk)
    return b"".join(parts)


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


@contextlib.contextmanager
def passing_signals(on_signal: Callable[[int], bool] | None) -> Iterator[None]:
    """Give `on_signal` what asks this process to end; one that it does not take is ours again."""
    if on_signal is None:
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}

    def passed(number: int, _frame: object) -> None:
        if not on_signal(number):
            signal.signal(number, before[signal.Signals(number)])
            os.kill(os.getpid(), number)

    for number in _ENDING:
        if before[number] is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, passed)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _raw_mode() -> Iterator[None]:
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin, termios.TCSADRAIN)  # what was typed already is kept
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _following_size(resize: Callable[[int, int], object]) -> Iterator[None]:
    def follow(*_: object) -> None:
        size = os.get_terminal_size()
        resize(size.lines, size.columns)

    follow()
    before = signal.signal(signal.SIGWINCH, follow)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
